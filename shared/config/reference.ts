import { type Section, type Setting, settings } from "./section.ts";

/**
 * The sections as one `.env` file. Everything is commented out: a copy configures nothing until
 * somebody takes the `#` from a line, and lines with a space after the `#` are text to read.
 */
export function envExample(sections: readonly Section[]): string {
  return [ENV_PREAMBLE, ...sections.map(envGroup)].join("\n\n");
}

/** The sections as Markdown: a heading and a table of variables for each. */
export function referenceTable(sections: readonly Section[]): string {
  return sections.map(tableOf).join("\n\n");
}

const ENV_PREAMBLE = `# Configuration of saxbridge. Copy this file to .env and take the # from the lines that you set.
# A variable of the real environment wins over one in this file.
# Put a value that holds # or a space in double quotes: without them it would end there.
# A password may also stand in a file: IRC_XMPP_PASSWORD_FILE=/path/to/file, or in a systemd credential
# with the name of the variable (LoadCredential=IRC_XMPP_PASSWORD:/path/to/file).`;

function envGroup(section: Section): string {
  const { title, description } = headingOf(section);
  const all = settings(section);
  const required = all.filter((setting) => setting.required).map(({ variable }) => variable);
  const rule = `# --- ${title} ${"-".repeat(Math.max(90 - title.length, 0))}`;
  const heading = [rule, `# ${description}`];
  if (required.length > 0) heading.push("# Set all of these:", ...required.map((v) => `#   ${v}`));
  return [heading.join("\n"), ...all.map(envSetting)].join("\n\n");
}

function envSetting({ variable, description, standard, example, secret }: Setting): string {
  const value = standard ?? example ?? (secret ? "change-me" : "");
  const quoted = /[#\s]/.test(value) ? `"${value}"` : value;
  return `# ${description}\n#${variable}=${quoted}`;
}

function tableOf(section: Section): string {
  const { title, description } = headingOf(section);
  const rows = settings(section).map(
    (setting) => `| \`${setting.variable}\` | ${presence(setting)} | ${meaning(setting)} |`,
  );
  const table = ["| Variable | When not set | Meaning |", "| --- | --- | --- |", ...rows];
  return [`### ${title}`, description, table.join("\n")].join("\n\n");
}

function presence({ required, standard }: Setting): string {
  if (standard !== undefined) return `\`${standard}\``;
  return required ? "**required**" : "";
}

function meaning({ description, example }: Setting): string {
  // A browser would show `&quot;` as the character that it stands for.
  const text = cell(description.replaceAll("&", "&amp;"));
  return example === undefined ? text : `${text} Example: \`${cell(example)}\``;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

function headingOf(section: Section): { readonly title: string; readonly description: string } {
  const { title = "", description = "" } = section.meta() ?? {};
  return { title, description };
}
