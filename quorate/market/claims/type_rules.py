# ruff: noqa: E501 - a rule over tags is one line: cut in two it cannot be read
"""How bids say which type a cluster or a job is of, and whose name is whose: rules over tags, each after its example."""

import re

from quorate.market.claims.rules import rx

_NOT = r"(?P<not>(?:NOT|NO|T:not) (?:<w>|A ){0,2}?)?"
_STOP = (
    r"(?=[,.;:()!?\u2014\u2013] |C:\S+ |P:\S+ |AND |WH |IN |BE |HAVE |NOT |HEDGE |A |THE |MY |REQ |IF |I |SELFID |$)"
)
_END = r"(?:[,;.)\u2014] )"
_IS = r"(?:(?:BE|=|:|\(|,|P:as|P:of|A|THE|IN|equals|SAME|ONLY|\u2014|\u2013) ){0,4}?"
_CALLED = r"(?:classified|categorized|categorised|typed|described|registered|listed|labeled|labelled|designated|defined|TYPEN|known) "
_OBJECT = r"(?:<T>(?:JOBS |JOB |INT |HW |SPECV |style |TYPEN |(?:P:of )?(?:data|research|science|dominated) )*)"
_AFTER_OBJECT = (
    r"(?!(?:bandwidth|capacity|throughput|latency|access|accesses|footprint|channels|hierarchy|speed|speeds|efficiency|traffic|density|"
    r"utilization|LOAD|size|sizes|count|NODE|GPUS|HW|ARCH|FREE|performance|bottlenecks|per|PER|transfers|HIGH|systems|resources|sharing|limits) )"
)
_PREP = r"(?:(?:P:for|IN|P:to|P:on|P:toward|P:towards|P:around|ABOUT|P:with|P:at|P:as) (?:RUN |JOBS )?(?:<w>|HIGH |A |THE |BOTH |AND |HET |IN |JOBS ){0,3}?)"
_JOB_NOUN = r"(?:JOB|T:sim) "

OWN: tuple[re.Pattern[str], ...] = (
    # my storage-specialised cluster; this hybrid resource
    rx(
        r"(?:MY|THIS) (?:<m>|SPECV |, (?=SPECV|<m>|T:)|T:[\w~]+ HW |AND ){0,5}?(?P<type><T>)<SUFFIX>{0,2}<m>{0,3}?<CLUSTER>(?!TYPEN|SPECN)"
    ),
    # I am (not) a GPU cluster; HPC_RESOURCE_03 is a hybrid resource; it is a memory cluster
    rx(
        r"(?:<SELF>|IT |WH |^ THIS |THIS (?=BE (?:NOT )?A ))(?:<w>|AND ){0,2}?(?:BE|BEING) <w>{0,2}?"
        + _NOT
        + r"(?:<m>|SPECV |A |THE ){0,5}?(?P<type><T>)<SUFFIX>{0,2}<m>{0,3}?<CLUSTER>"
    ),
    # As a hybrid resource, ...; being a GPU cluster; despite not being an hpc cluster
    rx(r"(?:THE |MY )?(?P<type><T>)SPECV SELFID "),
    rx(
        r"(?P<as>(?:P:as|BEING|C:although|C:though|C:while) )"
        + _NOT
        + r"(?:A |MY |THIS |THE )(?:<m>|SPECV |'S ){0,4}?(?P<type><T>)<SUFFIX>{0,2}<m>{0,3}?<CLUSTER>"
    ),
    # a GPU cluster like ours; my role as a storage cluster; it falls into the memory category
    rx(
        r"A (?:<m>|SPECV ){0,3}?(?P<type><T>)<SUFFIX>{0,2}<m>{0,2}?<CLUSTER>(?:P:like|P:such_as) (?:MINE|I|MY|THIS|SELFID) "
    ),
    rx(r"MY (?:<w>|ARCH ){1,2}?P:as A (?:<m>|SPECV ){0,4}?(?P<type><T>)<SUFFIX>{0,2}<m>{0,3}?<CLUSTER>"),
    rx(
        r"(?:speaking|bidding|acting|serving|answering) P:as (?:A |THE )(?:<m>|SPECV ){0,4}?(?P<type><T>)<SUFFIX>{0,2}<m>{0,3}?<CLUSTER>"
    ),
    rx(
        r"(?:<SELF>)(?:BE |FITV ){1,2}"
        + _NOT
        + r"(?:IN |P:to |P:into |P:under |P:of )(?:THE )?(?P<type><T>)(?:CLUSTER )?TYPEN "
    ),
    # HPC_RESOURCE_03, a hybrid resource, / (hybrid cluster) / - a hybrid resource
    rx(
        r"(?:SELFID|MY CLUSTER|THIS CLUSTER|I) [,(:\u2014\u2013-] "
        + _NOT
        + r"(?:A |THE )?(?:<m>|SPECV ){0,4}?(?P<type><T>)<SUFFIX>{0,2}<m>{0,3}?<CLUSTER>"
    ),
    # HPC_RESOURCE_03 (hybrid), HPC_RESOURCE_03 (type: hybrid)
    rx(r"(?:SELFID|MY CLUSTER|THIS CLUSTER|THE CLUSTER) \( (?:TYPEN (?:BE |: |= )?)?(?P<type><T>)<SUFFIX>?[),]"),
    # my type is (not) GPU; my resource type (storage); cluster type: ai; the type of my cluster is hybrid
    rx(
        r"(?:(?:MY|THIS|own|CLUSTER 'S|CLUSTER|SELFID 'S|THE CLUSTER|I HAVE A) (?:<w>|CLUSTER ){0,2}?TYPEN |TYPEN P:of (?:MY|THIS|THE) CLUSTER )"
        + _IS
        + _NOT
        + _IS
        + r"(?P<type><T>)(?!JOB |P:\S+ (?:THE |THIS )?JOB |(?:AND|,) (?:THE |THIS )?JOB (?!TYPEN))"
    ),
    rx(r"TYPEN : JOB (?:: |= |BE )?T:\w+ [,;/] CLUSTER (?:: |= |BE )?(?P<type><T>)"),
    # a key and its value
    rx(r"CLUSTER (?::|=) (?P<type><T>)" + _STOP),
    rx(r"MINE " + _IS + _NOT + _IS + r"(?P<type><T>)"),
    # my GPU type; our hpc-type
    rx(r"(?:MY|CLUSTER 'S) <w>{0,2}?(?P<type><T>)(?:CLUSTER )?TYPEN "),
    # hybrid by design, my cluster ...; we run a storage cluster
    rx(
        r"(?P<head>(?P<type><T>)(?:SPECV |SPECV P:by ARCH |P:by ARCH |P:by nature |IN ARCH |IN nature ), (?:MY|I|SELFID|THIS|THE CLUSTER) )"
    ),
    rx(
        r"<SELF>(?:(?!recommend|suggest|prefer|lack|resemble|beat|lose|lost|envy|defer|trust|expect|see |believe|think|know|outperform|face|find|like)[a-z]\S* |HAVE |RUN ){1,2}?A (?:<m>|SPECV ){0,3}?(?P<type><T>)<SUFFIX>{0,2}<m>{0,2}?<CLUSTER>"
    ),
    rx(r"BEING (?P<not>NOT )?(?:<m>){0,2}?(?P<type><T>)SPECV "),
    rx(
        r"(?P<not>(?:do |does |will )?NOT )?(?:EQ|make|making) (?:I|THIS|this|IT|THIS CLUSTER|MY CLUSTER|THE CLUSTER) A (?:<m>){0,2}?(?P<type><T>)<SUFFIX>?(?:CLUSTER |TYPEN )"
    ),
    rx(r"(?:<SELF>|IT )(?:BE |HAVE been )(?:[a-z]\S* |SPECV ){1,2}P:as A (?:<m>){0,2}?(?P<type><T>)<SUFFIX>?<CLUSTER>"),
    rx(r"MY CLUSTER [,(] P:of TYPEN (?P<type><T>)"),
    rx(r"<SELF>BE (?:A )?(?P<type><T>)TYPEN (?!JOB|P:of JOB)"),
    rx(r"BEING (?P<not>NOT )?(?P<type><T>)(?=MY |I |SELFID |THE |THIS |, )"),
    # we are classified as storage; operates as a gpu cluster
    rx(
        r"(?:<SELF>|IT )(?:BE )?"
        + _NOT
        + _CALLED
        + r"(?:P:as|:|P:of TYPEN) (?:A |THE )?(?:TYPEN |<m>){0,2}?(?P<type><T>)"
    ),
    rx(r"(?:<SELF>|IT )(?:<w>|HAVE |RUN ){1,2}P:as A (?:<m>|SPECV ){0,3}?(?P<type><T>)<SUFFIX>{0,2}<m>{0,2}?<CLUSTER>"),
    # of type hybrid; I am of the hpc type
    rx(r"(?:<SELF>|IT )BE (?:BOTH )?" + _NOT + r"P:of (?:THE )?(?:TYPEN )?(?P<type><T>)"),
    # I am GPU-specialised; our nodes are storage-focused; it is memory-optimised
    rx(
        r"(?:<SELF>|IT |MY (?:<w>|CLUSTER ){0,2}?(?:NODE|ARCH) |NODE )(?:WH )?BE <w>{0,2}?"
        + _NOT
        + r"(?:<w>){0,2}?(?P<type><T>)SPECV "
        + _STOP
    ),
    # I am hybrid, / my cluster is hybrid
    rx(
        r"(?:<SELF>)BE <w>{0,1}?"
        + _NOT
        + r"(?P<type><T>)"
        + r"(?=[,.;)!\u2014] |C:\S+ |AND (?:THE|its|ITS) |IN TYPEN |P:by design |WH |$)"
    ),
    # my storage-focused architecture; our hybrid nature; my AI-optimised nodes
    rx(
        r"(?:MY|CLUSTER 'S|THIS) (?:<w>|T:[\w~]+ HW (?:, )?|HIGH ){0,3}?(?P<type><T>)SPECV (?:<w>|CPU ){0,2}?(?:ARCH|NODE|HW NODE) "
    ),
    rx(r"MY <w>{0,1}?SPECV (?P<type><T>)(?:AND \S+ )?(?:ARCH|capability) "),
    rx(
        r"MY <w>{0,2}?(?P<type>T:(?:hybrid|ai|hpc) )(?:nature|status|character|identity|orientation|profile|role|label|designation|ARCH) "
    ),
    # Hybrid cluster with 328 nodes. (a headline)
    rx(r"(?P<head>(?P<type><T>)<SUFFIX>{0,2}(?:CLUSTER )(?=P:with |HAVE |[,.;:(\u2014\u2013-] |AND |$))"),
    rx(r"BOTH (?:<w>|P:of THESE ){0,2}?BE (?P<type><T>)(?=[.,;)]|AND|C:|TYPEN|$)"),
    rx(
        r"(?P<type><T>)(?:CLUSTERS |CLUSTER |one )(?:[,;\u2014-] )?(?:C:\S+ |WH |this |BE |<w>){0,4}?what <SELF>BE (?P<not>NOT )?"
    ),
    # a non-GPU cluster
    rx(r"(?:<SELF>)BE A (?P<not>NON )(?P<type><T>)<SUFFIX>?<m>{0,2}?<CLUSTER>"),
    rx(r"(?:MY|THIS) (?P<not>NON )(?P<type><T>)<SUFFIX>?<m>{0,2}?<CLUSTER>"),
    rx(r"(?:P:as|BEING) A (?P<not>NON )(?P<type><T>)<SUFFIX>?<m>{0,2}?<CLUSTER>"),
)
"""What a cluster calls itself."""

SPECIAL: tuple[re.Pattern[str], ...] = (
    rx(r"CLUSTER (?:WH BE )?SPECV P:for (?P<type>" + _OBJECT + r")P:like (?:this|THIS|I|MINE)"),
    # my memory specialisation; our AI focus
    rx(
        r"(?:MY|CLUSTER 'S|SELFID 'S|THIS CLUSTER 'S) (?:<w>|TOTAL ){0,2}?(?P<type><T>)(?:INT |SPECV |JOBS ){0,2}(?:<w>)?SPECN "
    ),
    # my specialisation (in) storage; specialization: gpu
    rx(
        r"(?:MY|THE CLUSTER 'S|CLUSTER 'S|SELFID 'S|CLUSTER|P:with|HAVE|P:with A|HAVE A|WH) (?:<w>|A |SPECV |HIGH ){0,2}?SPECN "
        + _IS
        + _NOT
        + r"(?:FITV )?(?:(?:BE|IN|P:on|P:for|P:of|:|=|\(|P:as|P:toward|P:towards) (?:RUN )?(?:<w>|HIGH |A |THE |BOTH |AND |HET |IN |JOBS ){0,3}?)?"
        + r"(?P<type>"
        + _OBJECT
        + ")"
        + _AFTER_OBJECT
    ),
    rx(r"(?P<head>SPECN (?::|=) (?P<type><T>))"),
    # memory is my specialisation; storage, which is my specialty
    rx(r"(?P<type><T>)(?:INT )?(?:JOBS )?(?:, )?(?:WH )?BE " + _NOT + r"(?:<w>){0,2}?MY <w>{0,2}?SPECN "),
    rx(r"(?P<type><T>)(?:INT )?(?:JOBS )?[,(] MY <w>{0,2}?SPECN "),
    # memory work is exactly what this cluster was built for; we mainly serve AI workloads
    rx(
        r"(?P<type><T>)(?:CPU |/ |T:gpu |<w>|JOBS |JOB |INT |TYPEN |AND ){0,4}?BE (?:<w>){0,2}?what (?:<SELF>)(?:BE |HAVE |<w>){0,2}?SPECV "
    ),
    rx(
        r"(?:<SELF>)(?:BE )?(?:ONLY|mainly|PARTLY|chiefly) (?:RUN|target|targets|targeting|serves|serve|SPECV P:to|attracts) (?P<type><T>)(?:INT )?JOBS "
    ),
    rx(r"(?P<type><T>)P:as MY <w>{0,1}?SPECN "),
    rx(
        r"(?:MY|THE) (?:<w>)?(?P<type>T:(?:hybrid|ai|hpc|gpu|memory|storage) )(?:SPECN|ARCH) P:of (?:MY|THIS|THE) CLUSTER "
    ),
    rx(r"(?P<type><T>)(?:SPECN|nature|character|orientation|SPECV ARCH) P:of (?:MY|THIS|THE) CLUSTER "),
    # with a GPU specialisation
    rx(r"(?:P:with|HAVE) (?:A |THE )<w>{0,2}?(?P<type><T>)(?:<w>){0,1}?SPECN "),
    # I specialise in AI; we are (not) designed for memory-intensive workloads; a cluster tailored to storage
    rx(
        r"(?P<who>(?:<SELF>|IT |MY (?:<w>|ARCH |NODE |CLUSTER ){1,3}?))(?:WH |[,(] )?(?:BE |BEING )?"
        + _NOT
        + r"(?:HIGH |ONLY |PARTLY |<w>){0,2}?(?:SPECV|SPECN) (?:ONLY |AND SPECV |<w>)?(?:"
        + _PREP
        + r")(?P<type>"
        + _OBJECT
        + ")"
        + _AFTER_OBJECT
    ),
    rx(
        r"(?P<as>(?:P:as|BEING|BE|[,(]|MY|THIS) )"
        + _NOT
        + r"(?:A |MY |THIS )?(?:<m>|SPECV ){0,3}?CLUSTER (?:WH BE )?(?:AND )?"
        r"SPECV (?:AND SPECV )?" + _PREP + r"(?P<type>" + _OBJECT + ")" + _AFTER_OBJECT
    ),
    rx(
        r"(?P<as>(?:P:as SELFID|^ ?|BEING|SELFID) ?(?:, )?)"
        + _NOT
        + r"SPECV (?:AND SPECV )?"
        + _PREP
        + r"(?P<type>"
        + _OBJECT
        + ")"
        + _AFTER_OBJECT
    ),
    rx(
        r"(?P<who>(?:<SELF>)(?:[^.;,]{1,120}? ))(?P<both>AND )(?:BE )?SPECV "
        + _PREP
        + r"(?P<type>"
        + _OBJECT
        + ")"
        + _AFTER_OBJECT
    ),
    # MY hardware/architecture is optimised for ...
    rx(
        r"(?:MY|CLUSTER 'S) (?:<w>|TOTAL ){0,2}?(?:ARCH|NODE|TOTAL) (?:BE )?"
        + _NOT
        + r"(?:<w>){0,2}?SPECV "
        + _PREP
        + r"(?P<type>"
        + _OBJECT
        + ")"
        + _AFTER_OBJECT
    ),
    rx(r"(?:<SELF>)BE A (?P<type><T>)(?:specialist|SPECV|SPECN) (?!CLUSTER)"),
)
"""What a cluster says it is made for."""

JOB_TYPE: tuple[re.Pattern[str], ...] = (
    # the job's type is hpc; the required resource type (AI); job type: gpu; its preferred type is storage
    rx(
        r"(?:JOB 'S|JOB|ITS|its|JOBITS|REQ|JOB REQ|JOB 'S REQ|target|REQ T:\w+) (?:<w>|CLUSTER |REQ |ARCH ){0,2}?TYPEN (?:BE REQ |REQ )?"
        + _IS
        + _NOT
        + _IS
        + r"(?P<type>T:[\w~]+ (?:INT )?)"
    ),
    rx(r"JOB HAVE (?:A |THE )?TYPEN (?P<type>T:[\w~]+ )"),
    rx(r"TYPEN (?:IT|JOB|THE JOB) (?:P:as )?(?P<type>T:[\w~]+ )"),
    rx(r"TYPEN P:of (?:THE |THIS )JOB " + _IS + _NOT + _IS + r"(?P<type>T:[\w~]+ )"),
    rx(r"JOB (?:<w>)?(?P<not>do NOT )?REQ (?:P:for )?(?:A |THE )?(?:CLUSTER )?TYPEN (?P<type>T:[\w~]+ )"),
    # the job asks for a GPU cluster
    rx(
        r"(?:JOB |IT |WH )(?:<w>){0,2}?(?:(?P<not>do NOT |NOT ))?(?:<w>)?REQ (?:P:for )?(?:A |THE )?<w>{0,2}?(?P<type>T:[\w~]+ )(?:SPECV )?(?:CLUSTER |TYPEN )"
    ),
    rx(
        r"(?:submitter|user|owner|customer) (?:HAVE )?(?:(?P<not>do NOT |NOT ))?REQ (?:P:for )?(?:A |THE )?<w>{0,2}?(?P<type>T:[\w~]+ )(?:SPECV )?(?:CLUSTER |TYPEN )"
    ),
    # the job is of type hpc; the job is (not) a storage job; the job is hybrid
    rx(
        _JOB_NOUN
        + r"(?:HAVE )?(?:BE|BEING) <w>{0,2}?"
        + _NOT
        + r"(?:P:of |A |TYPEN |REQ |P:as |THE |classified |categorized |categorised |SPECV |labeled |labelled |tagged |marked |listed |declared |described ){1,6}(?P<type>T:[\w~]+ )(?P<kind>(?:SPECV |TYPEN |INT )?(?:JOB )?)(?P<end>"
        + _STOP
        + ")"
    ),
    rx(r"JOB BE (?:<w>)?" + _NOT + r"(?P<type>T:[\w~]+ )TYPEN "),
    rx(r"JOB BE " + _NOT + r"(?P<type>T:[\w~]+ )(?P<end>" + _STOP + ")"),
    rx(r"JOB [(,] (?:TYPEN (?:: |= |BE )?|of TYPEN )?(?P<type>T:[\w~]+ )(?:TYPEN )?[),] "),
    rx(r"TYPEN : JOB (?:: |= |BE )?(?P<type>T:\w+ )[,;/]"),
    rx(r"JOB P:of (?:THE )?TYPEN (?P<type>T:[\w~]+ )"),
    rx(r"JOB (?:P:of|IN|FITV IN|FITV P:into|FITV P:under|BE IN) (?:THE )?(?P<type>T:[\w~]+ )TYPEN "),
    rx(r"JOB 'S <w>{0,1}?(?P<type>T:[\w~]+ )TYPEN "),
    rx(r"JOB BE P:for (?:A |THE )<w>{0,1}?(?P<type>T:[\w~]+ )(?:SPECV )?(?:CLUSTER |TYPEN )"),
    rx(r"JOB (?::|=) (?P<type>T:[\w~]+ )[,.;(]"),
    # an hpc-type job; this storage job
    rx(r"(?P<type>T:[\w~]+ )TYPEN JOB "),
    rx(r"(?:THIS|THE|BE A|P:as A) <w>{0,2}?(?P<type>T:[\w~]+ )(?P<soft>JOB )"),
)
"""What the job is said to be."""

NO_TYPE = (
    rx(r"BE (?P<no>NOT) (?:any |A )(?:JOB |CLUSTER |<w>)?TYPEN (?!MIS|MATCHV|P:of MY)"),
    rx(
        r"JOB (?:'S )?(?:<w>){0,2}?(?:HAVE |REQ |BE |mention |state |declare |specify |give |list |define |IN |come |comes )?(?:do |P:with )?(?P<no>NOT|NO) (?:<w>|A |REQ |HAVE |ANY ){0,4}?(?:CLUSTER )?TYPEN "
    ),
    rx(
        r"(?P<no>NO|NOT A) (?:<w>|REQ ){0,3}?(?:CLUSTER |JOB )?TYPEN (?:REQ |<w>){0,2}?(?:BE |HAVE |given |SPECV |stated |specified |REQ )"
    ),
    rx(
        r"TYPEN (?:P:of (?:THE |THIS )JOB )?(?:BE )?(?P<no>unspecified|undefined|missing|unknown|NO|NOT (?:specified|given|stated|defined|REQ|provided|declared|indicated|set))(?: (?!MATCHV|MIS|SAME|DIFF|A |JOB)|$)"
    ),
    rx(
        r"(?:comes|come|came|arrives|arrived|reached I|submitted|filed) (?:P:to I )?(?P<no>NO) (?:A |ANY |any )?(?:declared |stated |given |named |explicit |REQ )?TYPEN (?!MIS|MATCHV|SAME|DIFF|PENALTY)"
    ),
    rx(
        r"JOB (?:HAVE )?(?:BE |been )?(?:<w>|REQ |SPECV ){0,2}?(?P<no>NO) (?:<w>|A |ANY |HAVE ){0,2}?TYPEN (?!MIS|MATCHV|SAME|DIFF|PENALTY|issue|problem|conflict|clash|REQ )"
    ),
    rx(
        r"(?:leaves|left|FREE|LEAVE|keeps|with) (?:THE |ITS )?(?:JOB )?TYPEN (?P<no>FREE|blank|empty|unspecified|undefined|unset) "
    ),
)
"""The job is said to have no type."""

IDENTITY = (
    rx(
        r"(?:P:as|I BE|this BE|THIS BE|I|MY CLUSTER|MY CLUSTER BE|THIS CLUSTER BE|MY CLUSTER ,|THIS CLUSTER ,|MY (?:id|name) BE|MY CLUSTER (?:id|name) BE|me|on behalf P:of|behalf P:of|I , ) ?(?:THE CLUSTER |CLUSTER |[,(] )?(?P<id>OTHERID )"
    ),
    rx(r"(?P<id>OTHERID )(?:\( (?:that BE |WH BE ){0,1}I \) |[(,] (?:that BE |WH BE |i\.e\. )I )"),
    rx(r"I P:at (?P<id>OTHERID )"),
    rx(r"(?P<id>OTHERID )BE (?:MY (?:name|id|identity|identifier|CLUSTER) |I )"),
    rx(r"(?:speaking|bidding|answering|acting) P:as (?P<id>OTHERID )"),
    rx(r"(?:P:as|I BE) (?:THE |A )(?:<w>|CLUSTER )(?:P:of|P:for|P:behind) (?P<id>OTHERID )"),
    rx(r"(?:bidding|bid|answering|speaking|speak|answer|acting|act|writing) P:for (?P<id>OTHERID )"),
    rx(
        r"I (?:manage|RUN|HAVE|represent|administer|BE (?:managing|running|representing)) (?:THE CLUSTER )?(?P<id>OTHERID )"
    ),
    rx(r"(?P<id>OTHERID ), (?:P:as )?(?:WH |that )I (?:manage|RUN|HAVE|represent|BE)"),
    rx(r"(?P<id>OTHERID )BE MINE "),
    rx(
        r"(?P<head>(?:THE |A |MY )?(?:bid|offer|HAVE|reply|answer|greetings|hello|regards|news|assessment|statement) (?:P:of|P:from|P:by) (?P<id>OTHERID )(?=P:for|IN|P:on|[,.;:]|$|stands|rests|reads|follows))"
    ),
    rx(
        r"(?P<id>OTHERID )(?:BE (?:RUN|bid|bidding) here |hereby |(?:HAVE|RUN|proposes|presents|submits) THE (?:AFTER|following) )"
    ),
    rx(
        r"(?:here BE|THIS BE|below BE) (?:THE |A )?(?:bid|offer|HAVE|RUN|reply|answer|assessment|statement) (?:P:of|P:from|P:by) (?P<id>OTHERID )"
    ),
    rx(r"P:at (?P<id>OTHERID )(?:, )?I (?:HAVE|BE|RUN|CAN)"),
    rx(r"(?P<id>OTHERID )(?:here|speaking|reporting) "),
    rx(
        r"(?P<head>(?P<id>OTHERID )(?:BE (?:bidding|HAVE|submitting|placing|making)|RUN|bids|submits|places) (?:A HAVE |A bid |A |AN |ITS )?(?:bid |HAVE )?P:for (?:THIS|THE) (?:[a-z]\S* )?JOB (?!too|also|P:as well))"
    ),
    rx(r"(?:SELFID|I) (?:, )?(?:alias|aka|also known P:as|called|a\.k\.a\.) (?P<id>OTHERID )"),
    rx(r"(?:THE |MY |THIS )?CLUSTER (?:\( )(?P<id>OTHERID )\) "),
)
"""Another cluster's name where one's own belongs."""
