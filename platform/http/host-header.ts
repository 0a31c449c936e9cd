/** The names by which a browser may have come here. */

/** Host part of a Host header, lower-case, without the brackets of an IPv6 address; undefined for what is none. */
export function hostName(header: string): string | undefined {
  const match = /^(?:\[([0-9a-f:.]{2,45})\]|([\w.-]{1,253}))(?::\d{1,5})?$/i.exec(header);
  return (match?.[1] ?? match?.[2])?.toLowerCase();
}
