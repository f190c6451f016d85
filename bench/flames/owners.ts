/** Whose code a process spends its time in, in the order in which a legend names them, with the packages that are theirs. */
const OWNERS = {
  assay: { name: 'Assay', packages: /^src\// },
  graphql: { name: 'graphql, type-graphql', packages: /^(graphql|type-graphql|graphql-scalars|@graphql-tools\/.+)$/ },
  orm: { name: 'MikroORM, Kysely', packages: /^(@mikro-orm\/.+|kysely|dataloader)$/ },
  pg: { name: 'pg', packages: /^(pg|pg-.+|postgres-.+|pgpass)$/ },
  queue: { name: 'graphile-worker, Piscina', packages: /^(graphile-.+|@graphile\/.+|piscina)$/ },
  gate: {
    name: 'Apollo, express, ws',
    packages:
      /^(@apollo\/.+|@as-integrations\/.+|express|router|body-parser|raw-body|finalhandler|cors|helmet|ws|graphql-.+)$/,
  },
  others: { name: 'other packages', packages: /./ },
  node: { name: 'Node.js', packages: /^node:/ },
  native: { name: 'garbage, native code', packages: /^$/ },
} as const;

export type Owner = keyof typeof OWNERS;

export const owners = Object.keys(OWNERS) as Owner[];

export const ownerName = (owner: Owner): string => OWNERS[owner].name;

/** The package of a place in one, with its scope; otherwise the place itself. */
export function packageOf(place: string): string {
  if (place.startsWith('src/') || place.startsWith('node:')) return place;
  return /^(@[^/]+\/)?[^/]*/.exec(place)?.[0] ?? place;
}

/** @param place of a function, as `placeOf` names it */
export function ownerOf(place: string): Owner {
  const name = packageOf(place);
  const known = owners.find((owner) => owner !== 'others' && OWNERS[owner].packages.test(name));
  return known ?? 'others';
}

/**
 * Where a function is written: a file of the project's sources, of a package, or of Node itself. Never an absolute path.
 * Empty where the engine knows no file.
 * @param root URL of the project's folder
 */
export function placeOf(url: string, root: string): string {
  if (url === '' || /^(node|data):/.test(url)) return url;
  const [packaged] = url.split('/node_modules/').slice(1).slice(-1);
  if (packaged !== undefined) return packaged;
  const address = url.startsWith('/') ? `file://${url}` : url;
  if (!address.startsWith(root)) return address.slice(address.lastIndexOf('/') + 1);
  const file = address.slice(root.length);
  // The sources have the same places as what they were compiled to.
  return file.replace(/^dist\/(.*)\.js$/, 'src/$1.ts');
}
