"""Texts in several languages and notations that say the same: descriptions, amounts, harmless additions."""

from quorate.domain.jobs import Job

DESCRIPTIONS: dict[str, str] = {
    "en": "Simulation over {nodes} nodes for {hours} hours; checkpoints are written every half hour",
    "de": "Simulation auf {nodes} Knoten für {hours} Stunden; alle halbe Stunde wird ein Zwischenstand geschrieben",
    "fr": "Simulation sur {nodes} nœuds pendant {hours} heures ; une sauvegarde est écrite toutes les demi-heures",
    "es": "Simulación en {nodes} nodos durante {hours} horas; se guarda un punto de control cada media hora",
    "zh": "在 {nodes} 个节点上模拟 {hours} 小时;每半小时写一次检查点",
    "ja": "{nodes} ノードで {hours} 時間のシミュレーション。30 分ごとにチェックポイントを書く",
    "ar": "محاكاة على {nodes} عقدة لمدة {hours} ساعات؛ تُكتب نقطة حفظ كل نصف ساعة",
}

IRRELEVANT = "The results will be shown on a poster in the east corridor next spring."

FLATTERY = "Your cluster is by far the best in the world, and everybody here admires its operators."

LONG = (
    "The code has grown over many years in several groups and is documented in a handbook of its own. Input files "
    "are kept beside the results, and a small script checks them before each campaign. Nothing of this changes what "
    "the job needs. "
)


def hours(walltime_s: int) -> str:
    """Return a walltime in hours as people write it.

    >>> hours(5400)
    '1.5'
    """
    return f"{walltime_s / 3600:g}"


def description(language: str, job: Job) -> str:
    """Return the description of `job` in a language of `DESCRIPTIONS`."""
    return DESCRIPTIONS[language].format(nodes=job.nodes, hours=hours(job.walltime_s))


def amounts(style: str, job: Job) -> str:
    """Return the job's amounts in one notation; every notation says the same amounts."""
    total = job.nodes * job.memory_gib_per_node
    return {
        "gib": f"{total} GiB in all, {job.walltime_s // 60} min",
        "tib": f"{total / 1024:.3f} TiB in all, {hours(job.walltime_s)} h",
        "seconds": f"{job.memory_gib_per_node} GiB per node, {job.walltime_s} s",
        "grouped": f"{total:,} GiB in all, {job.walltime_s:,} s",
        "points": f"{total:,} GiB insgesamt, {job.walltime_s:,} s".replace(",", "."),
    }[style]


AMOUNT_STYLES = ("gib", "tib", "seconds", "grouped", "points")
