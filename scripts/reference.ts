import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bridges } from "../bridges/index.ts";
import { envExample, referenceTable } from "../shared/config/reference.ts";
import { general, xmpp } from "../shared/config/sections.ts";

const sections = [xmpp, ...bridges.map(({ section }) => section), general];

interface Page {
  readonly file: string;
  readonly current: string;
  readonly wanted: string;
}

/** The pages that the schema writes, as they are and as they should be. */
export function pages(): readonly Page[] {
  const readme = read("README.md");
  return [
    {
      file: ".env.example",
      current: read(".env.example"),
      wanted: `${envExample(sections)}\n`,
    },
    { file: "README.md", current: readme, wanted: withTable(readme || STUB) },
  ];
}

const root = join(import.meta.dirname, "..");
const BEGIN = "<!-- configuration:begin -->";
const END = "<!-- configuration:end -->";
const STUB = `# saxbridge\n\n${BEGIN}\n${END}\n`;

/** The text of a page; empty when there is none yet. */
function read(file: string): string {
  const path = join(root, file);
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

function withTable(readme: string): string {
  const begin = readme.indexOf(BEGIN);
  const end = readme.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`Cannot find ${BEGIN} and ${END} in README.md`);
  const before = readme.slice(0, begin + BEGIN.length);
  return `${before}\n\n${referenceTable(sections)}\n\n${readme.slice(end)}`;
}

/** Without --write says what is stale and fails, so that a build can ask. */
function main(args: readonly string[]): void {
  for (const { file, current, wanted } of pages()) {
    if (current === wanted) continue;
    if (args.includes("--write")) {
      writeFileSync(join(root, file), wanted);
      console.log(`${file} written`);
    } else {
      console.error(`${file} is stale: run npx tsx scripts/reference.ts --write`);
      process.exitCode = 1;
    }
  }
}

if (process.argv[1] === import.meta.filename) main(process.argv.slice(2));
