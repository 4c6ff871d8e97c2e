/**
 * Finds the lines of code: those with more than white space and comments. A
 * docstring of Python is a comment. A string of several lines is code.
 *
 * @module
 */

/** The languages; TypeScript counts as JavaScript. */
export type Language = "javascript" | "java" | "python";

/** By the extension of the file. */
const languages: Readonly<Record<string, Language>> = {
  ts: "javascript",
  js: "javascript",
  mjs: "javascript",
  java: "java",
  py: "python",
};

/**
 * The language of a file.
 *
 * @throws {TypeError} If it is another one.
 */
export function languageOf(path: string): Language {
  const ending = path.split(".").at(-1)!;
  const language = languages[ending];
  if (language === undefined) {
    throw new TypeError(
      `${path}: expected a file in ${Object.keys(languages).join(", ")}`,
    );
  }
  return language;
}

/** A text without its comments, but with their line feeds. */
export function codeOf(text: string, language: Language): string {
  return withoutComments[language](text);
}

/** The numbers of the lines of code, from 1. */
export function codeLinesOf(text: string, language: Language): number[] {
  return codeOf(text, language).split("\n")
    .flatMap((line, index) => line.trim() === "" ? [] : [index + 1]);
}

/** The line feeds of a comment. */
const blank = (comment: string) => comment.replace(/[^\n]+/g, "");

/** Matches a string on one line, with escapes. */
const quoted = (quote: string) =>
  `${quote}(?:\\\\[^]|[^\\\\${quote}\\n])*${quote}`;

const slashComment = "//[^\\n]*|/\\*[^]*?\\*/";

const javaToken = new RegExp(
  `(${slashComment})|"""(?:\\\\[^]|[^\\\\])*?"""|` +
    `${quoted('"')}|${quoted("'")}`,
  "g",
);

const pythonString = `[rbfuRBFU]{0,2}(?:${
  ['"""', "'''"].map((quotes) => `${quotes}(?:\\\\[^]|[^\\\\])*?${quotes}`)
    .concat(quoted('"'), quoted("'")).join("|")
})`;

const pythonToken = new RegExp(
  `(#[^\\n]*)|([([{])|([)\\]}])|(\\\\\\n)|${pythonString}`,
  "g",
);

/** A string that is a whole statement is a docstring. */
function withoutPythonComments(text: string): string {
  let depth = 0;
  let continuedAt = -1;
  return text.replace(
    pythonToken,
    (token, comment, open, close, continued, at) => {
      if (comment !== undefined) return "";
      if (open !== undefined) depth += 1;
      else if (close !== undefined) depth -= 1;
      else if (continued !== undefined) continuedAt = at + token.length;
      else {
        const lineStart = text.lastIndexOf("\n", at - 1) + 1;
        const isStatement = depth === 0 && lineStart !== continuedAt &&
          text.slice(lineStart, at).trim() === "" &&
          /^[ \t]*(?:#|\n|$)/.test(text.slice(at + token.length));
        if (isStatement) return blank(token);
      }
      return token;
    },
  );
}

/** After this text a slash begins a regular expression, and does not divide. */
const regexPlace =
  /(?:^|[(,=:[!&|?{};+*%<>~^-]|\b(?:return|typeof|case|of|in|await|void|yield))\s*$/;

const regexBody = "/(?:\\\\.|\\[(?:\\\\.|[^\\]\\\\\\n])*\\]|[^/\\\\[\\n])+/";

const javascriptToken = new RegExp(
  `(${slashComment})|(${regexBody})|([\`{}])|${quoted('"')}|${quoted("'")}`,
  "y",
);

/** The text of a template up to its end, or up to the next `${`. */
const templateText = /(?:\\[^]|\$(?!\{)|[^\\`$])*(`|\$\{|$)/y;

function withoutJavascriptComments(text: string): string {
  let code = "";
  let at = 0;
  /** For each open template, the number of open braces in its expression. */
  const braces: number[] = [];
  const take = (pattern: RegExp) => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    at += match?.[0].length ?? 0;
    return match;
  };
  const takeTemplateText = () => {
    const [token, end] = take(templateText)!;
    code += token;
    if (end === "${") braces.push(0);
  };
  while (at < text.length) {
    const start = at;
    const match = take(javascriptToken);
    const [token, comment, regex, sign] = match ?? [];
    if (comment !== undefined) {
      code += blank(comment);
    } else if (
      token === undefined ||
      regex !== undefined && !regexPlace.test(lastLine(code))
    ) {
      code += text[start];
      at = start + 1;
    } else {
      code += token;
      if (sign === "{" && braces.length > 0) braces[braces.length - 1] += 1;
      else if (sign === "}" && braces.length > 0) {
        if (braces[braces.length - 1] > 0) braces[braces.length - 1] -= 1;
        else {
          braces.pop();
          takeTemplateText();
        }
      } else if (sign === "`") takeTemplateText();
    }
  }
  return code;
}

/** The last line that is not empty. */
function lastLine(code: string): string {
  const trimmed = code.trimEnd();
  return trimmed.slice(trimmed.lastIndexOf("\n") + 1);
}

const withoutComments: Readonly<Record<Language, (text: string) => string>> = {
  javascript: withoutJavascriptComments,
  java: (text) =>
    text.replace(
      javaToken,
      (token, comment) => comment === undefined ? token : blank(token),
    ),
  python: withoutPythonComments,
};
