/**
 * Summarizes an outage from the probes around a fault.
 *
 * @module
 */

/** A probe. */
export interface Probe {
  /** When it was sent, in milliseconds since 1970. */
  readonly sentMs: number;
  /** How long it took; undefined if it never arrived. */
  readonly tookMs: number | undefined;
}

/** The probes around a fault. */
export interface Outage {
  /** The longest time of a probe that the fault may have affected. */
  readonly outageMs: number;
  /** The longest time of an earlier probe. */
  readonly usualMs: number;
  /** Probes that never arrived. */
  readonly lost: number;
}

/** Probes that were sent earlier than this before the fault are unaffected. */
const affectedBeforeMs = 500;

/** Probes count from this long before the fault on. */
export const countedBeforeMs = 1_500;

/**
 * @param faultMs When the fault occurred, in milliseconds since 1970.
 * @throws {Error} If there are no probes before the fault, or none after it.
 */
export function summarizeOutage(
  probes: readonly Probe[],
  faultMs: number,
): Outage {
  const counted = probes.filter(({ sentMs }) =>
    sentMs >= faultMs - countedBeforeMs
  );
  const [before, affected] = [true, false].map((isBefore) =>
    counted.filter(({ sentMs }) =>
      sentMs < faultMs - affectedBeforeMs === isBefore
    )
  );
  if (before.length === 0 || affected.length === 0) {
    throw new Error("there should be probes before the fault and after it");
  }
  const longest = (probes: readonly Probe[]) =>
    probes.reduce((most, { tookMs = 0 }) => Math.max(most, tookMs), 0);
  return {
    outageMs: longest(affected),
    usualMs: longest(before),
    lost: counted.filter(({ tookMs }) => tookMs === undefined).length,
  };
}
