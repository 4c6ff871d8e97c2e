/**
 * Tokens, for other programs: makes and checks what gateways and administration
 * ports require. It imports no package and no code of servers.
 *
 * ```ts
 * import { checkToken, parseKeyFile, TokenRefusal } from "./mod.ts";
 *
 * const keys = parseKeyFile(`first ${"A".repeat(43)}`, "token.key");
 * const rules = { keys, revoked: new Set<string>() };
 * const result = checkToken("eyJ...", rules, 1_800_000_000);
 * const isAccepted = !(result instanceof TokenRefusal);
 * ```
 *
 * @module
 */
export { bytesOfText, type ByteString } from "../protocol/bytes.ts";
export { SetupError } from "../runtime/setup_error.ts";
export type { Claims, Grant, Role } from "./claims.ts";
export { type RefusalReason, TokenRefusal } from "./refusal.ts";
export { parseRevokedFile } from "./revoked_file.ts";
export { signToken } from "./token.ts";
export { checkToken, type TokenRules } from "./token_authenticator.ts";
export { parseKeyFile, TokenKey } from "./token_keys.ts";
