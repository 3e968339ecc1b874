/** @module Which jobs run nothing themselves, and launch others: periodic ones, and parameterized ones that are not themselves dispatched. */

/** A job's spec, canonical or as it is stored: what is absent is null, or false. */
type Launching = { readonly Periodic?: unknown; readonly ParameterizedJob?: unknown; readonly Dispatched?: unknown };

export const launchesJobs = ({ Periodic = null, ParameterizedJob = null, Dispatched = false }: Launching): boolean => Periodic !== null || (ParameterizedJob !== null && Dispatched !== true);
