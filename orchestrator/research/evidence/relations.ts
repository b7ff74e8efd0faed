// Words that mean the same, and words that mean the opposite. Data for the rules of stance; each line is one relation.
import { stem } from '../../memory/text/porter-stemmer.ts';

const relations = `
open opened opening opens inaugurated inauguration unveiled launched commissioned
build built builds construct constructed construction erected raised completed finished completion
design designed designer architect planned drew draftsman engineer
found founded founder established establish creation created set founding
invent invented inventor devised patented
write wrote written author authored
compose composed composer
discover discovered discoverer found
own owned owner owns belongs possession
lead led leads head headed heads director president chair chairs chaired runs mayor
located lies lie stands stand situated sits place site
live lives population inhabitants residents people citizens inhabited home
long length extends stretches span spans spanning measures
high height tall rises towering
wide width breadth
deep depth
weigh weighs weight mass heavy
cost costs price priced paid charged fee expense budget spent
visit visited visitors guests attendance
die died death dead killed passed
born birth
marry married wife husband spouse
employ employs employees staff workers workforce jobs
produce produces produced output makes manufactured manufactures
win won winner awarded received
close closed closing shut closure
destroy destroyed destruction burned demolished razed
buy bought acquired purchased acquisition
begin began begun started start starts
end ended ends ceased stopped
carry carries carried transports
contain contains holds houses hosts
cause causes caused leads triggers
`.trim().split('\n').map((line) => line.split(' '));

const opposites = `
open closed
closed open
free paid
free charged
increase decrease
increased decreased
rose fell
rising falling
grew shrank
more fewer
more less
won lost
north south
east west
northern southern
eastern western
safe dangerous
safe unsafe
legal illegal
allowed forbidden
allowed banned
permitted prohibited
public private
alive dead
largest smallest
longest shortest
highest lowest
oldest youngest
oldest newest
first last
before after
present absent
true false
effective ineffective
accepted rejected
approved rejected
saltwater freshwater
poisonous edible
poisonous harmless
edible inedible
nocturnal diurnal
left right
above below
hot cold
wooden stone
wooden steel
steel stone
`.trim().split('\n').map((line) => line.split(' ').map(stem) as [string, string]);

const relationOf = new Map<string, string>(relations.flatMap((line) => line.map((word) => [stem(word), `=${stem(line[0]!)}`] as const)));

/** A stem, or the relation that stands for all words of its kind. */
export function conceptOf(stemmed: string): string {
  return relationOf.get(stemmed) ?? stemmed;
}

/** Whether two stems contradict each other. */
export function areOpposite(a: string, b: string): boolean {
  return opposites.some(([one, other]) => (a === one && b === other) || (a === other && b === one));
}
