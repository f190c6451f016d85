import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
} from 'graphql';
import type { Chance } from './chance.ts';
import { anyOf, type Ids, textOf } from './hostile.ts';

export interface Operation {
  query: string;
  variables: Record<string, unknown>;
}

/** How often a value is of another shape than the schema asks for, in 100. */
const WRONG = 2;
const NAMES = ['__proto__', 'nothing', 'constructor', '__schema { types { name } }', '__type(name: "Job") { name }'];
const DIRECTIVES = ['@include(if: true)', '@skip(if: false)', '@skip(if: $nothing)', '@nothing', '@deprecated'];

/**
 * Makes operations from the grammar of a schema: valid ones, and ones that are almost so, whose arguments are what an
 * attacker would give.
 */
export class Documents {
  readonly #schema: GraphQLSchema;
  readonly #ids: Ids;

  constructor(schema: GraphQLSchema, ids: Ids) {
    this.#schema = schema;
    this.#ids = ids;
  }

  /** @param kinds which operations to choose from */
  make(
    chance: Chance,
    kinds: readonly string[] = ['query', 'query', 'mutation', 'mutation', 'subscription'],
  ): Operation {
    const kind = chance.pick(kinds);
    const root = { query: this.#schema.getQueryType(), mutation: this.#schema.getMutationType() }[kind];
    const drawing = new Drawing(chance, this.#schema, this.#ids);
    const body = drawing.selection(
      (root ?? this.#schema.getSubscriptionType()) as GraphQLObjectType,
      0,
      kind !== 'query',
    );
    const { variables, declared, fragments } = drawing;
    const head = `${kind} ${chance.pick(['', 'A', '__proto__'])}${declared.length > 0 ? `(${declared.join(', ')})` : ''}`;
    const query = `${head} ${directive(chance)} ${body} ${fragments.join(' ')}`;
    return { query: chance.happens(8) ? bent(chance, query) : query, variables };
  }
}

class Drawing {
  readonly variables: Record<string, unknown> = {};
  readonly declared: string[] = [];
  readonly fragments: string[] = [];
  readonly #chance: Chance;
  readonly #schema: GraphQLSchema;
  readonly #ids: Ids;

  constructor(chance: Chance, schema: GraphQLSchema, ids: Ids) {
    this.#chance = chance;
    this.#schema = schema;
    this.#ids = ids;
  }

  selection(type: GraphQLNamedType, depth: number, isAlone = false): string {
    const chance = this.#chance;
    const fields = isObjectType(type) || isInterfaceType(type) ? Object.values(type.getFields()) : [];
    const count = isAlone ? 1 + Number(chance.happens(10)) : 1 + chance.below(3);
    const drawn = Array.from({ length: count }, () => this.#entry(type, fields, depth));
    return `{ ${drawn.join(' ')} }`;
  }

  #entry(type: GraphQLNamedType, fields: GraphQLField<unknown, unknown>[], depth: number): string {
    const chance = this.#chance;
    return chance.weighted([
      [fields.length > 0 ? 30 : 0, () => this.#field(chance.pick(fields), depth)],
      [fields.length > 0 ? 1 : 4, () => '__typename'],
      [chance.happens(15) ? 1 : 0, () => chance.pick(NAMES)],
      [isAbstractType(type) ? 20 : 1, () => this.#fragment(type, depth)],
    ]);
  }

  #field(field: GraphQLField<unknown, unknown>, depth: number): string {
    const chance = this.#chance;
    const given = field.args.filter((argument) => chance.happens(isRequiredArgument(argument) ? 97 : 40));
    const args = given.map((argument) => `${argument.name}: ${this.#argument(argument)}`).join(' ');
    const type = getNamedType(field.type);
    const hasFields = isObjectType(type) || isAbstractType(type);
    const inner = hasFields ? this.#inner(type, depth) : '';
    const alias = chance.happens(3) ? `${chance.pick(['a', 'b', '__proto__', 'constructor'])}: ` : '';
    return `${alias}${field.name}${args && `(${args})`} ${directive(chance)} ${inner}`;
  }

  #inner(type: GraphQLNamedType, depth: number): string {
    if (this.#chance.happens(1)) return '';
    const isDeep = depth > 2 && !this.#chance.happens(20);
    return isDeep || depth > 12 ? '{ __typename }' : this.selection(type, depth + 1);
  }

  #fragment(type: GraphQLNamedType, depth: number): string {
    const of = isAbstractType(type) ? this.#chance.pick(this.#schema.getPossibleTypes(type)) : type;
    if (this.#chance.happens(70) || depth > 6) return `... on ${of.name} ${this.selection(of, depth + 1)}`;
    const name = `f${this.fragments.length}`;
    this.fragments.push('');
    const spread = this.#chance.happens(5) ? ` ...${name}` : '';
    this.fragments[Number(name.slice(1))] =
      `fragment ${name} on ${of.name} { __typename ${spread} ...on ${of.name} ${this.selection(of, depth + 1)} }`;
    return `...${name}`;
  }

  #argument(argument: GraphQLArgument): string {
    const value = this.#value(argument.type);
    if (this.#chance.happens(30)) return literal(value);
    const name = `v${this.declared.length}`;
    this.declared.push(`$${name}: ${this.#chance.happens(97) ? argument.type : 'String'}`);
    if (this.#chance.happens(98)) this.variables[name] = value;
    return `$${name}`;
  }

  #value(type: GraphQLInputType): unknown {
    const chance = this.#chance;
    if (chance.happens(WRONG)) return anyOf(chance, this.#ids);
    if (isNonNullType(type)) return this.#value(type.ofType);
    if (isListType(type)) return chance.many(3, () => this.#value(type.ofType));
    if (isEnumType(type)) return new Word(chance.pick(type.getValues()).name);
    if (isInputObjectType(type)) {
      const fields = Object.values(type.getFields()).filter((field) => chance.happens(this.#share(field)));
      return Object.fromEntries(fields.map((field) => [field.name, this.#value(field.type)]));
    }
    switch (type.name) {
      case 'Int':
      case 'Float':
        return chance.happens(98) ? chance.below(101) : chance.pick([-1, 0, 101, 2 ** 31 - 1, -(2 ** 31)]);
      case 'Boolean':
        return chance.happens(50);
      case 'DateTime':
        return chance.happens(90) ? `20${10 + chance.below(40)}-01-01T00:00:00Z` : textOf(chance, this.#ids);
      case 'JSON':
        return anyOf(chance, this.#ids);
      default:
        return textOf(chance, this.#ids);
    }
  }

  /** Large inputs must come whole now and then, or nothing of them is ever looked at. */
  readonly #share = (field: GraphQLInputField): number => (isRequiredInputField(field) ? 100 : 40);
}

/** The name of an enum's value: a text in JSON, and none in a document. */
class Word {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
  toJSON(): string {
    return this.name;
  }
}

function literal(value: unknown): string {
  if (value instanceof Word) return value.name;
  if (Array.isArray(value)) return `[${value.map(literal).join(' ')}]`;
  if (typeof value === 'string') return value.startsWith('«') ? value.slice(1, -1) : JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return String(value);
  return `{${Object.entries(value)
    .map(([name, inner]) => `${name}: ${literal(inner)}`)
    .join(' ')}}`;
}

const directive = (chance: Chance): string => (chance.happens(1) ? chance.pick(DIRECTIVES) : '');

/** A text with one place of it bent. */
export function bent(chance: Chance, text: string): string {
  const at = chance.below(text.length);
  const piece = chance.pick(['', '{', '}', '(', ')', '"', '"""', '#', '$', '!', '\\', '\0', ' ', '...', ':', 'é', '🜁']);
  return text.slice(0, at) + piece + text.slice(at + chance.below(3));
}
