/**
 * Reads GPX: the points of tracks and of routes, and waypoints, each with its
 * time. It reads the XML that GPX files have, strictly. It refuses document type
 * declarations, because their entities could make a short file very long.
 *
 * @module
 */
import {
  type ImportContext,
  type ImportRow,
  rowOf,
  type RowReader,
} from "./import_row.ts";
import { maxTokenLength } from "./limits.ts";

const pointNames = ["trkpt", "rtept", "wpt"];

/** The elements whose text is kept. */
const textNames = ["time", "ele", "name"];

const attribute = /([\w:.-]+)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/g;

interface Point {
  readonly line: number;
  readonly latitude: string | undefined;
  readonly longitude: string | undefined;
  time?: string;
  altitude?: string;
}

export class GpxReader implements RowReader {
  readonly #context: ImportContext;
  #line = 1;
  /** Text that is not parsed yet: the beginning of a tag, or a text. */
  #rest = "";
  /** The names of the elements that are open, without their prefixes. */
  readonly #open: string[] = [];
  #hasRoot = false;
  #point: Point | undefined;
  #trackName: string | undefined;
  #text = "";
  #fault: string | undefined;

  constructor(context: ImportContext) {
    this.#context = context;
  }

  *push(text: string): Generator<ImportRow> {
    if (this.#fault !== undefined) return;
    this.#rest += text;
    while (this.#fault === undefined) {
      const length = this.#tokenLength();
      if (length === 0) break;
      const token = this.#rest.slice(0, length);
      this.#rest = this.#rest.slice(length);
      const row = this.#take(token);
      if (row !== undefined) yield row;
      for (let at = -1; (at = token.indexOf("\n", at + 1)) >= 0;) {
        this.#line += 1;
      }
    }
    if (this.#fault === undefined && this.#rest.length > maxTokenLength) {
      this.#fault = "a tag or a text is too long";
    }
    if (this.#fault !== undefined) {
      yield { line: this.#line, fault: this.#fault };
    }
  }

  *end(): Generator<ImportRow> {
    if (this.#fault !== undefined) return;
    if (this.#open.length > 0 || this.#rest.trim() !== "") {
      yield { line: this.#line, fault: "the file ends too early" };
    } else if (!this.#hasRoot) {
      yield { line: 1, fault: "expected GPX" };
    }
  }

  /** The length of the next tag or text; 0 if it has not ended. */
  #tokenLength(): number {
    const rest = this.#rest;
    if (!rest.startsWith("<")) {
      const end = rest.indexOf("<");
      return end < 0 ? 0 : end;
    }
    const [, last] = ends.find(([start]) => rest.startsWith(start)) ?? [];
    if (last !== undefined) {
      const end = rest.indexOf(last);
      return end < 0 ? 0 : end + last.length;
    }
    // More text may make it the beginning of one of these.
    if (ends.some(([start]) => start.startsWith(rest))) return 0;
    // A quoted value may contain `>`.
    const tag = rest.match(/^<(?:[^<>"']|"[^"<]*"|'[^'<]*')*>/);
    return tag === null ? 0 : tag[0].length;
  }

  /** Takes a tag or a text. Returns the row that ends with it. */
  #take(token: string): ImportRow | undefined {
    if (!token.startsWith("<")) {
      this.#addText(token, true);
    } else if (token.startsWith("<![CDATA[")) {
      this.#addText(token.slice(9, -3), false);
    } else if (token.startsWith("<!--") || token.startsWith("<?")) {
      return undefined;
    } else if (token.startsWith("<!")) {
      this.#fault = "expected no document type declaration";
    } else if (token.startsWith("</")) {
      return this.#close(localName(token.slice(2, -1).trim()));
    } else {
      this.#openTag(token);
      if (token.endsWith("/>")) return this.#close(this.#open.at(-1)!);
    }
    return undefined;
  }

  #openTag(tag: string): void {
    const [, name] = tag.match(/^<([\w:.-]+)/) ?? [];
    if (name === undefined) {
      this.#fault = `expected a tag, found ${tag.slice(0, 40)}`;
      return;
    }
    const local = localName(name);
    if (this.#open.length === 0) {
      if (this.#hasRoot || local !== "gpx") {
        this.#fault = `expected one element gpx, found ${local}`;
        return;
      }
      this.#hasRoot = true;
    }
    if (this.#open.length >= maxDepth) {
      this.#fault = "elements are nested too deeply";
      return;
    }
    this.#open.push(local);
    this.#text = "";
    if (local === "trk" || local === "rte") this.#trackName = undefined;
    if (!pointNames.includes(local)) return;
    const values = new Map(
      [...tag.matchAll(attribute)].map(([, key, double, single]) => [
        key,
        double ?? single,
      ]),
    );
    this.#point = {
      line: this.#line,
      latitude: values.get("lat"),
      longitude: values.get("lon"),
    };
  }

  #close(name: string): ImportRow | undefined {
    if (this.#open.at(-1) !== name) {
      this.#fault = `</${name}> ends no element that is open`;
      return undefined;
    }
    this.#open.pop();
    const parent = this.#open.at(-1);
    const text = this.#text.trim();
    this.#text = "";
    const point = this.#point;
    if (point === undefined) {
      if (name === "name" && (parent === "trk" || parent === "rte")) {
        this.#trackName = text;
      }
      return undefined;
    }
    if (pointNames.includes(parent!)) {
      if (name === "time") point.time = text;
      if (name === "ele") point.altitude = text;
    }
    if (!pointNames.includes(name)) return undefined;
    this.#point = undefined;
    return this.#rowOf(point);
  }

  #rowOf(point: Point): ImportRow {
    // A name with white space is not an ID.
    const name = this.#trackName;
    const client = this.#context.client ??
      (name !== undefined && /^\S+$/.test(name) ? name : undefined);
    return rowOf({ time: undefined, ...point, client }, this.#context);
  }

  #addText(text: string, hasReferences: boolean): void {
    if (!textNames.includes(this.#open.at(-1) ?? "")) return;
    if (this.#text.length + text.length > maxTokenLength) return;
    this.#text += hasReferences ? this.#withCharacters(text) : text;
  }

  /** A text with its references to characters replaced. */
  #withCharacters(text: string): string {
    return text.replace(/&([^;&\s]{1,10});?/g, (found, name: string) => {
      const known = entities[name];
      if (known !== undefined) return known;
      const [, hex, decimal] = name.match(/^#(?:x([\da-f]+)|(\d+))$/i) ?? [];
      const code = hex ? parseInt(hex, 16) : Number(decimal ?? NaN);
      if (code > 0 && code <= 0x10ffff) return String.fromCodePoint(code);
      this.#fault ??= `${found} is not a character`;
      return "";
    });
  }
}

/** How markup begins and ends that is no tag. */
const ends: readonly (readonly [string, string])[] = [
  ["<!--", "-->"],
  ["<![CDATA[", "]]>"],
  ["<?", "?>"],
  ["<!D", ">"],
];

/** Elements of GPX are nested about six deep, and those of extensions deeper. */
const maxDepth = 64;

const entities: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};

/** The name of an element without its prefix. */
function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}
