/**
 * Reads JSON objects strictly: valid UTF-8 without a byte order mark, and no
 * member given twice. Of duplicates, `JSON.parse` uses the last and other
 * parsers the first, so a token with one would have two meanings.
 *
 * @module
 */

/** A parsed object, with its members as own properties. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** What is wrong with a text that is no such object. */
export class JsonFault {
  /** Does not repeat the text. */
  readonly fault: string;

  constructor(fault: string) {
    this.fault = fault;
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The object in these bytes, or what is wrong with them. */
export function readJsonObject(bytes: Uint8Array): JsonObject | JsonFault {
  let text;
  let value: unknown;
  try {
    text = decoder.decode(bytes);
    value = JSON.parse(text);
  } catch {
    return new JsonFault("it is not JSON in UTF-8");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return new JsonFault("it is not an object");
  }
  if (hasDuplicates(text)) return new JsonFault("a member is given twice");
  return value as JsonObject;
}

/** Whether any object in a valid JSON text has two members of one name. */
function hasDuplicates(text: string): boolean {
  // The names in each open object; a list has none.
  const open: (Set<string> | undefined)[] = [];
  let [start, end] = [0, 0];
  for (let index = 0; index < text.length; index++) {
    switch (text[index]) {
      case '"':
        start = index;
        end = endOfText(text, index);
        index = end - 1;
        break;
      case ":": {
        // Escapes make different texts of one name.
        const name: string = JSON.parse(text.slice(start, end));
        const names = open.at(-1)!;
        if (names.has(name)) return true;
        names.add(name);
        break;
      }
      case "{":
        open.push(new Set());
        break;
      case "[":
        open.push(undefined);
        break;
      case "}":
      case "]":
        open.pop();
    }
  }
  return false;
}

/** The index after the text in quotes that begins at `start`. */
function endOfText(json: string, start: number): number {
  let index = start + 1;
  while (json[index] !== '"') index += json[index] === "\\" ? 2 : 1;
  return index + 1;
}

/** A member of an object; undefined if the object itself does not have it. */
export function memberOf(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
