/** @module A node's operating system in Nomad's words: ID and version as in os-release. Used by node-facts.ts. */

export type OperatingSystem = { readonly name: string; readonly version: string };

/** How the names that nodes report begin, and the ID in their os-release. The first that fits. */
const KNOWN: readonly (readonly [beginning: string, id: string])[] = [
  ["Debian", "debian"], ["Ubuntu", "ubuntu"], ["Red Hat Enterprise Linux CoreOS", "rhcos"], ["Red Hat", "rhel"], ["CentOS", "centos"], ["Rocky", "rocky"], ["AlmaLinux", "almalinux"],
  ["Oracle Linux", "ol"], ["Amazon Linux", "amzn"], ["Bottlerocket", "bottlerocket"], ["Flatcar", "flatcar"], ["Fedora", "fedora"], ["Alpine", "alpine"], ["SUSE Linux Enterprise", "sles"],
  ["openSUSE Leap", "opensuse-leap"], ["openSUSE", "opensuse"], ["Container-Optimized OS", "cos"], ["Talos", "talos"], ["Arch Linux", "arch"], ["NixOS", "nixos"], ["Azure Linux", "azurelinux"],
  ["CBL-Mariner", "mariner"], ["Common Base Linux Mariner", "mariner"], ["VMware Photon", "photon"],
];

/** Read off a text such as "Debian GNU/Linux 13 (trixie)". Empty where the text does not say. */
export function operatingSystem(image: string): OperatingSystem {
  const known = KNOWN.find(([beginning]) => image.startsWith(beginning))?.[1];
  const name = known ?? /^[A-Za-z]+/.exec(image)?.[0].toLowerCase() ?? "";
  const version = /(?:^|[\sv(])(\d+(?:\.\d+)*)/.exec(image)?.[1] ?? "";
  // Ubuntu names its point release, and its os-release does not.
  return { name, version: name === "ubuntu" ? version.split(".").slice(0, 2).join(".") : version };
}
