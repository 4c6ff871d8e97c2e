/**
 * What a fault has meant for the updates that were on their way, or came after.
 *
 * @module
 */

/** An update that was sent while somebody watched for it. */
export interface Probe {
  /** When it was sent, in milliseconds since 1970. */
  readonly sentMs: number;
  /** How long it took; undefined if it never came. */
  readonly tookMs: number | undefined;
}

/** How updates fared around a fault. */
export interface Outage {
  /** The longest time that an update took which the fault may have touched. */
  readonly outageMs: number;
  /** The longest time that one took before. */
  readonly usualMs: number;
  /** Updates that never came, before the fault or after it. */
  readonly lost: number;
}

/** Nothing is still on its way for so long, so a fault touches nothing older. */
const touchedBeforeMs = 500;

/** Probes count from so long before the fault: then the servers are warm. */
const countedBeforeMs = 1_500;

const most = (numbers: readonly number[]) =>
  numbers.reduce((most, number) => Math.max(most, number), 0);

/** @param faultMs When it happened, in milliseconds since 1970. */
export function judge(probes: readonly Probe[], faultMs: number): Outage {
  const counted = probes.filter(({ sentMs }) =>
    sentMs >= faultMs - countedBeforeMs
  );
  const [before, touched] = [true, false].map((isBefore) =>
    counted.filter(({ sentMs }) =>
      sentMs < faultMs - touchedBeforeMs === isBefore
    ).map(({ tookMs }) => tookMs)
  );
  if (before.length === 0 || touched.length === 0) {
    throw new Error("there should be probes before the fault and after it");
  }
  const arrived = (times: readonly (number | undefined)[]) =>
    times.filter((time) => time !== undefined);
  return {
    outageMs: most(arrived(touched)),
    usualMs: most(arrived(before)),
    lost: counted.filter(({ tookMs }) => tookMs === undefined).length,
  };
}
