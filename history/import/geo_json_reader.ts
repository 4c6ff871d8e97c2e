/**
 * Reads GeoJSON (RFC 7946): a FeatureCollection of points. The features are cut
 * out of the text as it comes, so that the file may have any length.
 *
 * @module
 */
import {
  type ImportContext,
  type ImportRow,
  rowOf,
  type RowReader,
} from "./import_row.ts";
import { maxFeatureLength } from "./limits.ts";

export class GeoJsonReader implements RowReader {
  readonly #context: ImportContext;
  #line = 1;
  /** The brackets that are open. */
  #open = "";
  #isInText = false;
  #isEscaped = false;
  /** The feature that is being read. */
  #feature: string | undefined;
  #featureLine = 1;
  #isTooLong = false;
  #hasFeatures = false;

  constructor(context: ImportContext) {
    this.#context = context;
  }

  *push(text: string): Generator<ImportRow> {
    for (let index = 0; index < text.length; index++) {
      const character = text[index];
      if (character === "\n") this.#line += 1;
      if (this.#feature !== undefined) this.#keep(character);
      if (this.#isInText) {
        if (this.#isEscaped) this.#isEscaped = false;
        else if (character === "\\") this.#isEscaped = true;
        else if (character === '"') this.#isInText = false;
      } else if (character === '"') {
        this.#isInText = true;
      } else if (character === "{" || character === "[") {
        // An object in an array of the whole object.
        if (character === "{" && this.#open === "{[") this.#begin();
        if (this.#open.length < maxDepth) this.#open += character;
      } else if (character === "}" || character === "]") {
        this.#open = this.#open.slice(0, -1);
        if (this.#feature !== undefined && this.#open === "{[") {
          yield this.#endFeature();
        }
      }
    }
  }

  *end(): Generator<ImportRow> {
    if (this.#open !== "" || this.#isInText) {
      yield { line: this.#line, fault: "the file ends too early" };
    } else if (!this.#hasFeatures) {
      yield { line: 1, fault: "expected a FeatureCollection with features" };
    }
  }

  #begin(): void {
    this.#feature = "{";
    this.#featureLine = this.#line;
    this.#isTooLong = false;
    this.#hasFeatures = true;
  }

  #keep(character: string): void {
    if (this.#feature!.length < maxFeatureLength) this.#feature += character;
    else this.#isTooLong = true;
  }

  #endFeature(): ImportRow {
    const line = this.#featureLine;
    const text = this.#feature!;
    this.#feature = undefined;
    if (this.#isTooLong) return { line, fault: "the feature is too long" };
    let feature: unknown;
    try {
      feature = parseWithDigits(text);
    } catch {
      return { line, fault: "the feature is not JSON" };
    }
    const { geometry, properties } = (feature ?? {}) as Feature;
    if (geometry?.type !== "Point") {
      const found = geometry?.type ?? "none";
      return { line, fault: `expected a geometry Point, found ${found}` };
    }
    const [longitude, latitude, altitude] = Array.isArray(geometry.coordinates)
      ? geometry.coordinates
      : [];
    const fields = properties ?? {};
    return rowOf({
      line,
      client: textOf(fields.client ?? fields.id),
      latitude: textOf(latitude),
      longitude: textOf(longitude),
      altitude: textOf(altitude ?? fields.altitude),
      time: textOf(fields.clientTime ?? fields.time ?? fields.timestamp),
    }, this.#context);
  }
}

/** Deeper brackets than this are no FeatureCollection of points. */
const maxDepth = 64;

interface Feature {
  readonly geometry?: {
    readonly type?: string;
    readonly coordinates?: unknown;
  };
  readonly properties?: Readonly<Record<string, unknown>> | null;
}

/** A number as its digits, a text as it is; undefined for anything else. */
function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** Parses JSON. Numbers become texts with the digits of the file. */
function parseWithDigits(text: string): unknown {
  const keepDigits = (
    _key: string,
    value: unknown,
    context: { readonly source?: string },
  ) => typeof value === "number" ? context.source : value;
  return JSON.parse(
    text,
    keepDigits as (key: string, value: unknown) => unknown,
  );
}
