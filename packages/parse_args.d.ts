/** The part of std/cli's `parseArgs` that is used here. */
export function parseArgs(args: string[], options: {
  alias?: Record<string, string>;
  boolean?: string[];
  collect?: string[];
  string?: string[];
  /** Called for what is not named above; false leaves it out. */
  unknown?: (argument: string, key?: string, value?: unknown) => unknown;
}): { _: (string | number)[]; [name: string]: unknown };
