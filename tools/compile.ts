/**
 * Makes the single binary: `deno task compile`. The binary contains its data,
 * and the permissions that its flags may need.
 *
 * @module
 */
const output = "dist/herd";

const { code, stderr } = await new Deno.Command(Deno.execPath(), {
  args: [
    "compile",
    "--allow-net",
    "--allow-write",
    "--allow-read",
    "--allow-env=GOOGLE_PLACES_KEY,HERD_*",
    `--output=${output}`,
    "main.ts",
    ...Deno.args,
  ],
  stdout: "inherit",
  stderr: "piped",
}).output();
const errors = new TextDecoder().decode(stderr);
if (code === 0) {
  console.log(`made ${output}: try ${output} up`);
} else if (/denort|base binary/.test(errors)) {
  console.error(
    "compile: deno's base binary (denort) could not be downloaded from " +
      "dl.deno.land; run this where that host can be reached",
  );
} else {
  console.error(errors.trimEnd());
}
Deno.exit(code);
