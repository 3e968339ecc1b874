/** @module Nanoseconds, as Nomad's job counts time. Used by jobspec's defaults and validation. */

export const SECOND_NS = 1_000_000_000;
export const MINUTE_NS = 60 * SECOND_NS;
export const HOUR_NS = 60 * MINUTE_NS;
