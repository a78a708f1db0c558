# ruff: noqa: E501 - the words of a class stand together
"""The words of bids, sorted into classes: each class is one tag, and the rules read tags.

Lower-case tags are ordinary words; upper-case tags are classes. `T:x` names a cluster type, `P:x` a preposition,
`C:x` a word that opens a clause, `NET:x` a network.
"""

from quorate.domain.clusters import ClusterType

_CLASSES: dict[str, str] = {
    "I": "i|we|me|us|myself|ourselves|yours truly",
    "MY": "my|our|my own|our own|this cluster's own",
    "MINE": "mine|ours",
    "IT": "it|itself",
    "ITS": "its",
    "A": "a|an|another",
    "THE": "the",
    "THIS": "this|present|current",
    "OTHER": "other|others|someone else|somebody else|elsewhere|rival|rivals|competing|competitor|competitors|peer|peers"
    "|alternative|alternatives|your|their|those|someone|somebody|anyone|whoever",
    "CLUSTER": "cluster|resource|system|machine|supercomputer|facility|platform|site|data center|data centre|agent"
    "|computing resource|compute resource|hpc resource agent|resource agent|bidder|bidding cluster|bidding agent",
    "CLUSTERS": "clusters|systems|supercomputers|facilities|platforms|sites",
    "JOB": "job|workload|task|application|job request|request|submission",
    "JOBS": "jobs|workloads|tasks|applications|use cases|operations|processing|computing|computation"
    "|computations|problems|codes|use|projects|training|inference|analytics|analysis|calculations|research"
    "|pipelines|models|execution",
    "TYPEN": "type|category|classification|class|types|typed|categories",
    "SPECN": "specialization|specialisation|specialty|speciality|expertise|focus|area of expertise|core competency"
    "|area of specialization|area of specialisation|specializations|specialisations|forte|core focus|niche|purpose|emphasis"
    "|domain of expertise|mission|calling|vocation|remit|trade|home turf|home ground|bread and butter|line of work|strong suit|primary focus",
    "SPECV": "specialized|specialised|specializes|specialises|specializing|specialising|specialize|specialise"
    "|optimized|optimised|optimizes|designed|tailored|dedicated|focused|focussed|focuses|focusing|oriented"
    "|centric|built|purpose built|geared|tuned|engineered|intended|purposed|customized|customised|architected"
    "|optimize|specialist|purpose designed|concentrates|concentrated|meant|made|conceived|catering|caters|cater",
    "HW": "accelerated|rich|dense|equipped|enabled|heavy|based|powered|capable|laden|packed|ready|driven|backed",
    "INT": "intensive|bound|hungry|demanding|limited|dependent",
    "BE": "is|are|am|was|were|be|been|remain|remains|represent|represents|constitute|constitutes|'m|'re",
    "BEING": "being",
    "NOT": "not|never|hardly|n't",
    "NO": "no|zero|without|lack|lacks|lacking|lacked|absence of|absence|none|devoid of|devoid|free of|neither|nor|void of"
    "|missing|sans|misses",
    "NON": "non",
    "do": "do|does|did",
    "ONLY": "only|just|merely|solely|exclusively|purely|strictly|necessarily|primarily|simply|specifically",
    "HEDGE": "may|might|could|would|should|perhaps|possibly|potentially|maybe|presumably|hypothetically|arguably|ideally"
    "|probably|likely|seems|seem|appears|suggests|'d|tends",
    "IF": "if|unless|whether|in case|provided that|assuming|suppose|were i|once|until|when|had i|had we|had this|were we|should the",
    "ifnot": "if not|if any|if anything|if you like|if only just|if barely|if you will|if needed|if one counts",
    "MATCHV": "match|matches|matched|matching|align|aligns|aligned|aligning|alignment|correspond|corresponds"
    "|corresponding|coincide|coincides|in line with|in alignment with|coinciding|agree|agrees|line up|lines up|lined up|tally|tallies|in agreement|square|squares|consistent|congruent|in keeping with|in accordance with",
    "FITV": "fit|fits|fall|falls|belong|belongs|sits|lies|fitting|falling|play|plays|suits",
    "MIS": "mismatch|mismatches|mismatched|mismatching|discrepancy|misaligned|misalignment|misalign|misaligns"
    "|incompatible|incompatibility",
    "DIFF": "differ|differs|differing|different|difference|deviates|deviate|conflicts|conflict|diverges|diverge|outside"
    "|beyond|unlike my|unlike our|distinct",
    "SAME": "same|identical|equal|equals|one and the same",
    "PARTLY": "partially|partly|somewhat|loosely|broadly|roughly|closely|largely|mostly|almost|nearly|not quite|approximates"
    "|reasonably|moderately|relatively|generally|fairly|partial|near|close|decent|reasonable|moderate|some",
    "PENALTY": "penalty|penalties|penalized|penalised|penalize|penalise|penalization|penalisation|deduction",
    "DEDUCT": "deduct|deducts|deducted|deducting|subtract|subtracts|subtracted|subtracting|take something off|taken off|take off"
    "|takes off|knock off|docked|knocked off|taking off|take a bit off|take points off",
    "NODE": "node|nodes|servers|server|machines",
    "GPUS": "gpus|accelerators|graphics cards|gpu devices|gpu cards|gpu accelerators|graphics processors|gpu units",
    "CORE": "core|cores|cpu core|cpu cores|processor cores|compute cores",
    "CPU": "cpu|cpus|processor|processors",
    "CPUONLY": "cpu only|gpu less|gpuless|gpu free|non accelerated",
    "STO": "disk|file system|filesystem|file systems|lustre|flash|scratch|parallel file system|gpfs|object store",
    "FREE": "free|available|idle|unallocated|unused|spare|unoccupied|vacant|open|remaining|left|availability|leftover"
    "|availably|avail|unclaimed|standing by|on standby|up for grabs|without work|doing nothing|dormant|not in use|unengaged|uncommitted|for the taking|unassigned|unbooked|waiting for work|at rest",
    "BUSY": "busy|allocated|occupied|used|in use|utilized|utilised|taken|reserved|committed|consumed|running jobs|spoken for|at work|handed out|given out|tied up|engaged|out on loan|lent out|claimed",
    "BG": "background|bg",
    "TOTAL": "all told|total|overall|altogether|entire|totals|totaling|totalling|combined|aggregate|whole|in all|full|installed",
    "LOAD": "occupancy|util|utilization|utilisation|load|usage|busyness",
    "REQ": "req|want|ask|requires|require|required|requiring|requests|requested|requesting|needs|need|needed|needing|asks|asked|asking"
    "|demands|demanded|demanding|wants|wanted|calls|specifies|specified|requirement|requirements|demand|seeks|prefers"
    "|preferred|desired|preference|prefer|desires|requests for|wanting|declared|consumes|occupies|consume|occupy|takes|use of",
    "HAVE": "have|has|having|offer|offers|offering|provide|provides|providing|possess|possesses|possessing|boast|boasts"
    "|boasting|feature|features|featuring|contain|contains|comprise|comprises|comprising|consists|consist|include"
    "|includes|including|equipped with|houses|hosts|fields|carry|carries|bring|brings|delivers|deliver|packs"
    "|ships|operate|operates|got|holds|hold|sport|sports|come with|comes with|fitted with|furnished with",
    "PER": "per|each|every|apiece|a piece",
    "ALL": "all|every single|across all",
    "EACH": "each of",
    "ABOUT": "about|approximately|roughly|around|approx|circa|nearly|almost|close to|~|≈|in the region of",
    "MORE": "more than|over|at least|exceeding|exceeds|exceed|above|upwards of|greater than|no less than|no fewer than|>|≥|in excess of",
    "LESS": "less than|under|at most|below|fewer than|up to|no more than|not more than|within|<|≤|as little as",
    "ENOUGH": "enough|sufficient|adequate|ample|plenty of|plenty|sufficiently|adequately|abundant|more than enough|plentiful",
    "SHORT": "insufficient|inadequate|insufficiently|too few|not enough|shortage of|shortage|deficit|too little|too small",
    "CANNOT": "cannot|can't|unable to|incapable of|unable|cant",
    "CAN": "can|able to|capable of",
    "RUN": "run|accommodate|host|handle|fit|execute|serve|support|satisfy|meet|fulfill|fulfil|process|complete|schedule"
    "|start|accept|take|place|accommodating|hosting|handling|running|serving|satisfying|meeting|covers|cover"
    "|supports|meets|satisfies|accommodates|handles|fulfills|fulfils|execute|exceeds|deliver|supply|satisfied|met"
    "|supporting|allocate|accommodated|hosted|handled|served|executed|scheduled|placed|fulfilled|provided|offered|supplied|granted|covered",
    "HET": "heterogeneous|heterogenous|non uniform|nonuniform|heterogeneity|non homogeneous|inhomogeneous",
    "HOM": "homogeneous|homogenous|uniform|homogeneity|identical nodes|uniformly",
    "TIMEN": "runtime|run time|walltime|wall time|wall clock|wallclock|duration|time limit|estimated runtime|execution time"
    "|running time|wall clock time|time estimate|job length|wall clock limit|estimated time|compute time",
    "LASTS": "lasts|lasting|runs|running|run|long|last",
    "HIGH": "high|large|big|huge|bigger|larger|extended",
    "ARCH": "architecture|architectures|design|nature|infrastructure|environment|configuration|setup|hardware|profile"
    "|architecture's|capability|capabilities|orientation|status|composition|make up|makeup|mix|layout|structure|stack"
    "|design's|background cluster|character|identity|role|strength|strengths|build|footing|fabric|label|designation",
    "BOTH": "both",
    "AND": "and|&|plus|or|as well as|along with|together with",
    "WH": "which|that|who|whose",
    "TRUE": "yes|true|✓|✔|✅",
    "FALSE": "false|✗|✘|❌",
    "IN": "in",
    "LEAVE": "leaving|leaves|leave|would leave|leftover of",
    "AFTER": "after|afterwards|post allocation|post|following|still|remain|remaining after",
    "RULE": "rule|rules|policy|guideline|guidelines|per the prompt|instructions|instruction",
    "AVOID": "avoid|avoids|avoiding|avoided|waived|waive|waives|escapes|sidesteps|spared|spares|exempt|omitted|omit|omits|moot|lapses|dropped"
    "|falls away|inapplicable|void|skipped|dispensed",
    "EQ": "equals|equal to|makes|yields|yielding|giving|gives|for a total of|i.e.",
    "SKIP": "penalty|bonus|score|weight|factor|discount|confidence|probability|chance|reduction|reduce|reduces|reduced"
    "|efficiency|faster|slower|speedup|success|reputation|lower|higher|margin|increase|improvement|threshold",
}
"""Tag -> its words, by `|`. The first class that lists a word wins."""

_PREPOSITIONS = (
    "than|like|unlike|for|to|by|with|of|on|at|from|versus|vs|against|behind|between|as|into|toward|towards|among|"
    "through|via|around|such as|same as|compared to|compared with|rather than|instead of|due to|given|using|upon"
)
_OPENERS = (
    "but|although|though|while|whereas|however|because|since|so|despite|therefore|thus|hence|yet|nevertheless|"
    "nonetheless|even though|moreover|furthermore|additionally|in addition|given that|in spite of|"
    "notwithstanding|finally|meaning|resulting"
)

_TYPES: dict[str, str] = {
    "hpc": "hpc",
    "hpc~": "high performance computing|high performance compute",
    "classic": "traditional hpc|classical hpc|traditional supercomputing|classic hpc|conventional hpc|general hpc",
    "compute": "compute intensive|compute optimized|compute optimised|compute focused|compute heavy|computationally intensive"
    "|compute bound|computation intensive|compute oriented|compute centric",
    "sim": "simulation|simulations|scientific simulation|scientific simulations|tightly coupled|mpi|traditional simulation"
    "|numerical simulation|modeling and simulation|scientific computing",
    "gpu": "gpu|gpu computing|gpu compute",
    "accel": "accelerator|gpu accelerated computing|accelerated computing",
    "memory": "memory|ram|dram|mem",
    "cpu": "cpu intensive|cpu focused|cpu optimized|cpu optimised|cpu bound|cpu heavy|cpu centric|cpu oriented",
    "hybrid": "hybrid|mixed workload|mixed workloads|mixed use|mixed cpu gpu|mixed cpu and gpu|mixed gpu cpu|combined cpu gpu|hybrid cpu gpu|mixed type|mixed purpose",
    "ai": "ai|ml|ai/ml|artificial intelligence|machine learning|deep learning|neural network|neural networks|ai training"
    "|ml training|model training|dl|deep learning training|ai and machine learning|llm training|llm",
    "storage": "storage|i/o|io|input/output|file serving|archival|archive|data storage|data archiving",
    "data": "data intensive|data centric|data heavy|data oriented|data focused|big data|data processing|data driven",
}
"""Mention -> its phrases. Softer mentions have more than one type that could say so truly (`COMPATIBLE`)."""

COMPATIBLE: dict[str, frozenset[ClusterType]] = {
    "hpc": frozenset({"hpc"}),
    "hpc~": frozenset({"hpc"}),
    "classic": frozenset({"hpc"}),
    "compute": frozenset({"hpc", "gpu", "ai", "hybrid"}),
    "sim": frozenset({"hpc", "hybrid"}),
    "gpu": frozenset({"gpu"}),
    "cpu": frozenset({"hpc", "memory", "storage", "hybrid"}),
    "accel": frozenset({"gpu", "ai", "hybrid"}),
    "memory": frozenset({"memory"}),
    "hybrid": frozenset({"hybrid"}),
    "ai": frozenset({"ai"}),
    "storage": frozenset({"storage"}),
    "data": frozenset({"storage", "memory"}),
}
"""Mention -> the types of which it may be said."""

NETWORKS = {
    "infiniband": "infiniband|infini band|mellanox",
    "slingshot": "slingshot",
    "tofu": "tofu",
    "omnipath": "omni path|omnipath",
    "ethernet": "ethernet|roce",
    "aries": "aries",
}
"""Network family -> its names."""

GENERATIONS = {"edr": "edr", "hdr": "hdr", "ndr": "ndr", "fdr": "fdr", "qdr": "qdr"}


def _lexicon() -> dict[str, str]:
    words: dict[str, str] = {}
    for mention, phrases in _TYPES.items():
        words.update(dict.fromkeys(phrases.split("|"), f"T:{mention}"))
    for table, prefix in ((NETWORKS, "NET"), (GENERATIONS, "GEN")):
        for name, phrases in table.items():
            words.update(dict.fromkeys(phrases.split("|"), f"{prefix}:{name}"))
    for tag, phrases in _CLASSES.items():
        for phrase in phrases.split("|"):
            words.setdefault(phrase, tag)
    for phrase in _PREPOSITIONS.split("|"):
        words.setdefault(phrase, "P:" + phrase.replace(" ", "_"))
    for phrase in _OPENERS.split("|"):
        words.setdefault(phrase, "C:" + phrase.replace(" ", "_"))
    return words


LEXICON = _lexicon()
"""Phrase in lower case, words parted by one space -> tag."""
