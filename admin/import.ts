/**
 * Answers `POST /import`, which adds records to the history of the port's server.
 * It is taken from operators by their token, or, if none is required, from
 * programs on this machine only; and not from web pages. The newest positions do
 * not change.
 *
 * @module
 */
import { type ByteString, decodeBytes } from "../protocol/bytes.ts";
import { parseReport } from "../protocol/report.ts";
import type { History } from "../replica/history.ts";
import { refuseChange } from "./forget.ts";
import { maxImportBytes, maxImportRecords } from "./limits.ts";
import { replyJson, replyText } from "./replies.ts";

/** What the answer needs. */
export interface ImportSite {
  /** The server's name. */
  readonly server: string;
  /** Undefined if the server records no history. */
  readonly history: Pick<History, "add" | "state"> | undefined;
  /** Resolves when the next piece of work may be done. */
  readonly nextPiece: () => Promise<void>;
}

/** Records that are checked in one turn: about half a millisecond of work. */
const checkedRecords = 100;

/**
 * Answers a request whose Host header was checked.
 *
 * @param remote The IP address of the other side; undefined if it is unknown.
 * @param isOperator Whether a token permits it, wherever it comes from.
 */
export async function answerImport(
  request: Request,
  remote: string | undefined,
  { history, nextPiece, server }: ImportSite,
  isOperator = false,
): Promise<Response> {
  const refusal = refuseChange(request, remote, isOperator, "import");
  if (refusal !== undefined) return refusal;
  if (history === undefined) {
    return replyText(404, "the server records no history; --history DAYS does");
  }
  let text: ByteString | undefined;
  try {
    text = await readBody(request);
  } catch {
    return replyText(400, "the body ends too early");
  }
  if (text === undefined) {
    return replyText(413, `expected at most ${maxImportBytes} bytes`);
  }
  const records = text.split("\n").filter((line) => line !== "");
  if (records.length > maxImportRecords) {
    return replyText(413, `expected at most ${maxImportRecords} records`);
  }
  for (const [index, record] of records.entries()) {
    if (index % checkedRecords === 0) await nextPiece();
    if (parseReport(record, () => true) === undefined) {
      return replyText(400, `record ${index + 1} is not valid`);
    }
  }
  try {
    const counts = await history.add(records);
    const { days } = history.state;
    return replyJson({ server, ...counts, days });
  } catch (error) {
    const reason = error instanceof Error ? error.message : `${error}`;
    return replyText(503, `the history cannot be written now: ${reason}`);
  }
}

/** The whole body; undefined if it is too long. */
async function readBody({ body }: Request): Promise<ByteString | undefined> {
  let text: ByteString = "";
  if (body === null) return text;
  for await (const piece of body) {
    if (text.length + piece.length > maxImportBytes) return undefined;
    text += decodeBytes(piece, 0, piece.length);
  }
  return text;
}
