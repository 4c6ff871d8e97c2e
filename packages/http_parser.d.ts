/** The part of http-parser-js that this project uses. */

/** The head of a request. */
export interface HeadInfo {
  /** Names and values in turns. */
  readonly headers: string[];
  readonly url: string;
  readonly versionMajor: number;
  readonly versionMinor: number;
  /** An index of `methods`. */
  readonly method: number;
  /**
   * Whether it asks for another protocol, or is a CONNECT. If it is set to false,
   * the parser goes on.
   */
  upgrade: boolean;
  /** Whether another request may follow. */
  readonly shouldKeepAlive: boolean;
}

/** A parser that is given bytes as they arrive. */
export class HTTPParser {
  static readonly REQUEST: "REQUEST";
  static readonly kOnHeadersComplete: 2;
  static readonly kOnBody: 3;
  static readonly kOnMessageComplete: 4;
  static readonly methods: readonly string[];

  constructor(type: "REQUEST");

  /** How many bytes were parsed, or why they are wrong. */
  execute(chunk: Uint8Array, start?: number, length?: number): number | Error;
  [HTTPParser.kOnHeadersComplete](info: HeadInfo): void;
  [HTTPParser.kOnBody](bytes: Uint8Array, start: number, length: number): void;
  [HTTPParser.kOnMessageComplete](): void;

  // What follows is inside of the parser, and is replaced by a stricter one.

  /** The bytes that are parsed, and where. */
  protected chunk: Uint8Array;
  protected offset: number;
  protected end: number;
  /** The beginning of a line. */
  protected line: string;
  protected state: string;
  /** How many bytes of the body or of a chunk are still to come. */
  protected body_bytes: number | null;
  /** Whether the body is in chunks. The parser takes an upgrade for one without. */
  protected isChunked: boolean;
  /** The next line without its end; undefined if it has not ended. */
  protected consumeLine(): string | undefined;
  protected parseHeader(line: string, headers: string[]): void;
  protected BODY_CHUNKHEAD(): void;
}
