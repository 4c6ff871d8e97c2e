/**
 * Reads the text of a PDF with poppler's pdftotext.
 *
 * @module
 */

/** A word and its place, in points from the top left corner of the page. */
export interface Word {
  readonly text: string;
  readonly left: number;
  readonly right: number;
  readonly top: number;
}

/** A page. */
export interface Page {
  readonly widthPoints: number;
  readonly heightPoints: number;
  readonly words: readonly Word[];
}

/** All pages of a PDF. */
export async function readPages(
  pdf: Uint8Array<ArrayBuffer>,
): Promise<Page[]> {
  const html = await pdftotext(pdf, "-bbox");
  return [
    ...html.matchAll(/<page width="(.+?)" height="(.+?)">(.*?)<\/page>/gs),
  ]
    .map(([, width, height, content]) => ({
      widthPoints: Number(width),
      heightPoints: Number(height),
      words: [
        ...content.matchAll(
          /<word xMin="(.+?)" yMin="(.+?)" xMax="(.+?)" yMax=".+?">(.*?)<\/word>/g,
        ),
      ].map(([, left, top, right, text]) => ({
        text,
        left: Number(left),
        right: Number(right),
        top: Number(top),
      })),
    }));
}

/** The words of a PDF in reading order. */
export async function readText(pdf: Uint8Array<ArrayBuffer>): Promise<string> {
  return (await pdftotext(pdf)).trim();
}

async function pdftotext(
  pdf: Uint8Array<ArrayBuffer>,
  ...args: readonly string[]
): Promise<string> {
  const child = new Deno.Command("pdftotext", {
    args: [...args, "-", "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(pdf);
  await writer.close();
  const { stdout, success } = await child.output();
  if (!success) throw new Error("pdftotext cannot read the PDF");
  return new TextDecoder().decode(stdout);
}
