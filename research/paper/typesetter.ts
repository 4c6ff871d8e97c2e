/**
 * Typesets with Typst as WebAssembly, so that nothing must be installed, and no
 * file is read. The same files give the same bytes on every machine.
 *
 * @module
 */
import mono from "npm:/@expo-google-fonts/inconsolata@0.4.2/400Regular/Inconsolata_400Regular.ttf" with {
  type: "bytes",
};
import math from "npm:/@expo-google-fonts/stix-two-math@0.4.0/400Regular/STIXTwoMath_400Regular.ttf" with {
  type: "bytes",
};
import regular from "npm:/@expo-google-fonts/tinos@0.4.2/400Regular/Tinos_400Regular.ttf" with {
  type: "bytes",
};
import italic from "npm:/@expo-google-fonts/tinos@0.4.2/400Regular_Italic/Tinos_400Regular_Italic.ttf" with {
  type: "bytes",
};
import bold from "npm:/@expo-google-fonts/tinos@0.4.2/700Bold/Tinos_700Bold.ttf" with {
  type: "bytes",
};
import {
  initSync,
  TypstCompilerBuilder,
} from "npm:/@myriaddreamin/typst-ts-web-compiler@0.7.0/pkg/typst_ts_web_compiler.mjs";
import wasm from "npm:/@myriaddreamin/typst-ts-web-compiler@0.7.0/pkg/typst_ts_web_compiler_bg.wasm" with {
  type: "bytes",
};

/** An error in the source, with its place. */
export class TypesettingError extends Error {
  override readonly name = "TypesettingError";
}

/** Typst's description of an error. */
interface Diagnostic {
  readonly path: string;
  /** From and to, as `line:column-line:column`, counted from 0. */
  readonly range: string;
  readonly severity: "error" | "warning";
  readonly message: string;
}

/** A document, or the reasons why there is none. */
interface Outcome {
  readonly result?: Uint8Array<ArrayBuffer>;
  readonly diagnostics?: readonly Diagnostic[];
}

/** Requests all fields of {@linkcode Diagnostic}. */
const fullDiagnostics = 3;

async function createCompiler() {
  // Has no effect from the second time on.
  initSync({ module: wasm });
  const builder = new TypstCompilerBuilder();
  // Only the given files exist.
  builder.set_dummy_access_model();
  for (const font of [regular, italic, bold, mono, math]) {
    await builder.add_raw_font(font);
  }
  return await builder.build();
}

/**
 * Typesets a document.
 *
 * @param files The content of each file, by its path.
 * @param main The path of the document among them.
 * @returns The bytes of a PDF.
 * @throws {TypesettingError} With the first error and its place, or the first
 * warning, because the paper would differ from its source.
 */
export async function typeset(
  files: ReadonlyMap<string, string>,
  main: string,
): Promise<Uint8Array<ArrayBuffer>> {
  using compiler = await createCompiler();
  for (const [path, content] of files) {
    compiler.map_shadow(`/${path}`, new TextEncoder().encode(content));
  }
  const { diagnostics = [], result }: Outcome = compiler.compile(
    `/${main}`,
    undefined,
    "pdf",
    fullDiagnostics,
  );
  if (diagnostics.length > 0) {
    const first = diagnostics.find(({ severity }) => severity === "error") ??
      diagnostics[0];
    throw new TypesettingError(describe(first));
  }
  return result!;
}

/** `research/paper/report.typ:12:3: unknown variable`. */
function describe({ message, path, range }: Diagnostic): string {
  const [line, column] = range.split("-")[0].split(":").map(Number);
  return `${path.replace(/^\//, "")}:${line + 1}:${column + 1}: ${message}`;
}
