/**
 * Sentences of NMEA 0183.
 *
 * @module
 */

/** 2001-01-01, in POSIX seconds. */
export const newYear = 978_307_200;

/** A sentence with its checksum and its end. */
export function sentence(text: string): string {
  const sum = [...text].reduce((sum, byte) => sum ^ byte.charCodeAt(0), 0);
  return `$${text}*${sum.toString(16).toUpperCase().padStart(2, "0")}\r\n`;
}

/** A sentence by which a device gives its ID. */
export const pgid = (id: string) => sentence(`PGID,${id}`);

/** A position at 1.5, 2.5 on 2001-01-01, at a second of the first minute. */
export function rmc(second: number, status = "A"): string {
  const time = `0000${String(second).padStart(2, "0")}`;
  const date = "010101";
  return sentence(
    `GPRMC,${time},${status},0130.0,N,00230.0,E,,,${date},,,A`,
  );
}

/** The IAMAT that says the same. */
export const iamat = (id: string, second: number) =>
  `< IAMAT ${id} +1.5+2.5 ${newYear + second}`;
