/** A period of unusual flow, from its first bin to the end of its last. */
export interface Episode {
  readonly begin: number
  readonly end: number
  readonly expected: number
  readonly actual: number
  /** Highest ln odds in it. */
  readonly score: number
}

/** An episode that may go on: counts since its end belong to it only if it does. */
export interface OpenEpisode extends Episode {
  readonly sinceExpected: number
  readonly sinceActual: number
}

export interface EpisodeBin {
  readonly at: number
  readonly end: number
  readonly flagged: boolean
  readonly expected: number
  readonly actual: number
  readonly score: number
}

export type EpisodeChange = 'began' | 'grew' | 'ended'

export interface EpisodeStep {
  readonly open: OpenEpisode | undefined
  /** In order: one episode may end and another begin with the same bin. */
  readonly changes: readonly { readonly change: EpisodeChange; readonly episode: Episode }[]
}

/** Advances by one bin. A gap of up to `bridgeMs` does not end an episode. */
export function stepEpisode(open: OpenEpisode | undefined, bin: EpisodeBin, bridgeMs: number): EpisodeStep {
  const changes: { change: EpisodeChange; episode: Episode }[] = []
  let going = open
  if (going !== undefined && (bin.flagged ? bin.at : bin.end) - going.end > bridgeMs) {
    changes.push({ change: 'ended', episode: closed(going) })
    going = undefined
  }
  if (!bin.flagged) {
    const since = going && {
      ...going,
      sinceExpected: going.sinceExpected + bin.expected,
      sinceActual: going.sinceActual + bin.actual,
    }
    return { open: since, changes }
  }
  const next: OpenEpisode = {
    begin: going?.begin ?? bin.at,
    end: bin.end,
    expected: (going === undefined ? 0 : going.expected + going.sinceExpected) + bin.expected,
    actual: (going === undefined ? 0 : going.actual + going.sinceActual) + bin.actual,
    score: Math.max(going?.score ?? Number.NEGATIVE_INFINITY, bin.score),
    sinceExpected: 0,
    sinceActual: 0,
  }
  changes.push({ change: going === undefined ? 'began' : 'grew', episode: closed(next) })
  return { open: next, changes }
}

export const closed = ({ begin, end, expected, actual, score }: OpenEpisode): Episode => ({
  begin,
  end,
  expected,
  actual,
  score,
})
