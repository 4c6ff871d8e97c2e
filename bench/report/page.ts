/**
 * The page is written by hand, but for parts between two comments:
 *
 *     <!-- bench:goals -->
 *     <!-- /bench:goals -->
 *
 * Only these are replaced.
 *
 * @module
 */

/** A page whose comments are not as they should be. */
export class PageError extends Error {
  override readonly name = "PageError";
}

const marker = /^<!-- (\/?)bench:(\S+) -->$/gm;

/**
 * The page with these parts in place of those that it has.
 *
 * @throws {PageError} If a part has no place, or a place no part.
 */
export function fillPage(
  page: string,
  parts: ReadonlyMap<string, string>,
): string {
  const places = placesIn(page);
  for (const name of parts.keys()) {
    if (!places.has(name)) {
      throw new PageError(
        `no place for ${name}: expected the lines ` +
          `<!-- bench:${name} --> and <!-- /bench:${name} -->`,
      );
    }
  }
  let filled = "";
  let copied = 0;
  for (const [name, { begin, end }] of places) {
    const part = parts.get(name);
    if (part === undefined) {
      throw new PageError(`a place for ${name}, which is no part of a report`);
    }
    filled += `${page.slice(copied, begin)}\n\n${part}\n\n`;
    copied = end;
  }
  return filled + page.slice(copied);
}

/** Where in the page a part begins and ends, in the page's order. */
interface Place {
  readonly begin: number;
  readonly end: number;
}

function placesIn(page: string): Map<string, Place> {
  const places = new Map<string, Place>();
  let open: { readonly name: string; readonly begin: number } | undefined;
  for (const match of page.matchAll(marker)) {
    const [line, slash, name] = match;
    if (slash === "") {
      if (open !== undefined) throw unclosed(open.name);
      if (places.has(name)) throw new PageError(`two places for ${name}`);
      open = { name, begin: match.index + line.length };
    } else {
      if (open?.name !== name) {
        throw new PageError(`${line} without <!-- bench:${name} --> before it`);
      }
      places.set(name, { begin: open.begin, end: match.index });
      open = undefined;
    }
  }
  if (open !== undefined) throw unclosed(open.name);
  return places;
}

const unclosed = (name: string) =>
  new PageError(
    `<!-- bench:${name} --> without <!-- /bench:${name} --> after it`,
  );
