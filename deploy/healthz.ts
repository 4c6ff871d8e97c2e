/**
 * Asks a server whether it is there, for who looks by the exit status: 0 if it
 * answers 200, 1 if not.
 *
 *     deno run --allow-net=127.0.0.1:8200 deploy/healthz.ts http://127.0.0.1:8200/healthz
 *
 * @module
 */
try {
  const signal = AbortSignal.timeout(4_000);
  const response = await fetch(Deno.args[0], { signal });
  console.log(`${response.status} ${(await response.text()).trim()}`);
  Deno.exitCode = response.status === 200 ? 0 : 1;
} catch (error) {
  console.log(error instanceof Error ? error.message : error);
  Deno.exitCode = 1;
}
