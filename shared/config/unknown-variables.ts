import { z } from "zod";
import { type Env, members, type Section, settings, variableName } from "./section.ts";

/** A variable that nothing reads. */
export interface UnknownVariable {
  readonly variable: string;
  /** The variable that was probably meant. */
  readonly meant?: string;
}

/** As many slips of a finger as still leave it clear which variable was meant. */
const CLOSE_EDITS = 2;

/**
 * Variables that are set but that no section reads although they look like ours: they begin with the
 * prefix of a section, or are a typing error away from one of its variables. A misspelt variable must
 * not be silent. Pass all sections at once, or those of one are unknown to the other.
 */
export function unknownVariables(sections: readonly Section[], env: Env): UnknownVariable[] {
  const known = sections.flatMap((section) => settings(section));
  const names = known.map(({ variable }) => variable);
  const files = known.filter(({ secret }) => secret).map(({ variable }) => `${variable}_FILE`);
  const readable = new Set([...names, ...files]);
  const prefixes = sections.flatMap(prefixesOf);
  return Object.keys(env)
    .filter((variable) => !readable.has(variable))
    .flatMap((variable) => {
      const meant = names.find((name) => isClose(name, variable));
      if (meant !== undefined) return [{ variable, meant }];
      return prefixes.some((prefix) => variable.startsWith(prefix)) ? [{ variable }] : [];
    });
}

function prefixesOf(section: Section): string[] {
  return members(section)
    .filter(([, schema]) => schema instanceof z.ZodObject)
    .map(([key]) => `${variableName([key])}_`);
}

function isClose(a: string, b: string): boolean {
  // The difference in length is a lower bound, and spares most of the environment the table below.
  return Math.abs(a.length - b.length) <= CLOSE_EDITS && editDistance(a, b) <= CLOSE_EDITS;
}

/** Levenshtein distance: how many letters to insert, delete or replace to make `b` of `a`. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 0; i < a.length; i += 1) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j += 1) {
      const replaced = (row[j] ?? 0) + (a[i] === b[j] ? 0 : 1);
      const deleted = (row[j + 1] ?? 0) + 1;
      const inserted = (next[j] ?? 0) + 1;
      next.push(Math.min(replaced, deleted, inserted));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
