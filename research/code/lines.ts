/**
 * Finds the lines of code: those that hold something else than white space and
 * comments. A docstring of Python is a comment; a text over several lines is
 * code.
 *
 * @module
 */

/** Languages whose comments are known here; TypeScript is JavaScript. */
export type Language = "javascript" | "java" | "python";

/** By what a file's name ends in. */
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
 * @throws {TypeError} If its comments are not known here.
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

/** A text with nothing left of its comments but the ends of their lines. */
export function codeOf(text: string, language: Language): string {
  return withoutComments[language](text);
}

/** Which lines of a text are code, counted from 1. */
export function codeLinesOf(text: string, language: Language): number[] {
  return codeOf(text, language).split("\n")
    .flatMap((line, index) => line.trim() === "" ? [] : [index + 1]);
}

/** Only the ends of its lines are left of a comment. */
const blank = (comment: string) => comment.replace(/[^\n]+/g, "");

/** A text between quotes on one line, with escapes. */
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

/** A string that is a whole statement says something to readers only. */
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

/** A slash divides after a value, and begins a regular expression elsewhere. */
const regexPlace =
  /(?:^|[(,=:[!&|?{};+*%<>~^-]|\b(?:return|typeof|case|of|in|await|void|yield))\s*$/;

const regexBody = "/(?:\\\\.|\\[(?:\\\\.|[^\\]\\\\\\n])*\\]|[^/\\\\[\\n])+/";

const javascriptToken = new RegExp(
  `(${slashComment})|(${regexBody})|([\`{}])|${quoted('"')}|${quoted("'")}`,
  "y",
);

/** From a backtick, or the end of a value in a template, to the next one. */
const templateText = /(?:\\[^]|\$(?!\{)|[^\\`$])*(`|\$\{|$)/y;

function withoutJavascriptComments(text: string): string {
  let code = "";
  let at = 0;
  /** For each template that is open, the braces that are open in its value. */
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

/** The code since the last line that is not empty began. */
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
