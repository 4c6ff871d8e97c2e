/**
 * The files of a data folder, and what a start does with them.
 *
 *     snapshot-N       all records at the time when tail N began
 *     snapshot-N.part  a snapshot that is being written
 *     tail-N           the records that were stored later
 *     lock             locked by the process that uses the folder
 *
 * The newest snapshot and the tails with its number or a higher one hold all
 * records. All other files are left over from a stop before their removal.
 *
 * @module
 */

/** The name of the file that is locked. */
export const lockName = "lock";

export function snapshotName(number: number): string {
  return `snapshot-${number}`;
}

/** The name of a snapshot until it is complete. */
export function partName(number: number): string {
  return `${snapshotName(number)}.part`;
}

export function tailName(number: number): string {
  return `tail-${number}`;
}

/** What a start does with the files of a folder. */
export interface FilePlan {
  /** The number of the newest snapshot; undefined for none. */
  readonly snapshot: number | undefined;
  /** The numbers of the tails to read, in increasing order. */
  readonly tails: readonly number[];
  /** The names of the files to remove. */
  readonly leftOver: readonly string[];
  /** The number of the next tail. */
  readonly next: number;
}

/** Plans from the names of the files in a folder. Other files are left alone. */
export function planFiles(names: readonly string[]): FilePlan {
  const files = names.flatMap((name) => {
    const found = name.match(/^(snapshot|tail)-(\d{1,15})(\.part)?$/);
    if (found === null || found[1] === "tail" && found[3]) return [];
    const [, kind, number, part] = found;
    return [{ name, kind, number: Number(number), isPart: part !== undefined }];
  });
  const snapshots = files.filter(({ isPart, kind }) =>
    kind === "snapshot" && !isPart
  ).map(({ number }) => number);
  const snapshot = snapshots.length === 0 ? undefined : Math.max(...snapshots);
  const isUsed = ({ isPart, kind, number }: typeof files[number]) =>
    kind === "tail"
      ? snapshot === undefined || number >= snapshot
      : !isPart && number === snapshot;
  return {
    snapshot,
    tails: files.filter((file) => file.kind === "tail" && isUsed(file))
      .map(({ number }) => number).sort((one, other) => one - other),
    leftOver: files.filter((file) => !isUsed(file)).map(({ name }) => name),
    next: 1 + Math.max(0, ...files.map(({ number }) => number)),
  };
}
