/**
 * Replaces the generated parts of a page, which stand between two comments:
 *
 *     <!-- bench:goals -->
 *     <!-- /bench:goals -->
 *
 * @module
 */
import { SetupError } from "../../cli/exit.ts";

const begin = (name: string) => `<!-- bench:${name} -->`;
const end = (name: string) => `<!-- /bench:${name} -->`;

const unclosed = (name: string) =>
  new SetupError(`${begin(name)} without ${end(name)} after it`);

/**
 * The page with these parts.
 *
 * @throws {SetupError} If a part has no place, or a place has no part.
 */
export function fillPage(
  page: string,
  parts: ReadonlyMap<string, string>,
): string {
  const placed = new Set<string>();
  let open: string | undefined;
  const lines = page.split("\n").flatMap((line) => {
    const [, slash, name] = line.match(/^<!-- (\/?)bench:(\S+) -->$/) ?? [];
    if (name === undefined) return open === undefined ? [line] : [];
    if (slash === "/") {
      if (open !== name) {
        throw new SetupError(`${line} without ${begin(name)} before it`);
      }
      open = undefined;
      return [parts.get(name)!, "", line];
    }
    if (open !== undefined) throw unclosed(open);
    if (placed.has(name)) throw new SetupError(`two places for ${name}`);
    if (!parts.has(name)) {
      throw new SetupError(`a place for ${name}, which is no part of a report`);
    }
    placed.add(name);
    open = name;
    return [line, ""];
  });
  if (open !== undefined) throw unclosed(open);
  const missing = [...parts.keys()].find((name) => !placed.has(name));
  if (missing === undefined) return lines.join("\n");
  throw new SetupError(
    `no place for ${missing}: expected the lines ${begin(missing)} and ` +
      end(missing),
  );
}
