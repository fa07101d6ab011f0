-- description: What became of the delivered rows of each dataset, by the day on which they were judged.
-- column day date: UTC date of the verdicts.
-- column domain varchar: Domain of the dataset.
-- column dataset varchar: Dataset.
-- column batches bigint: Batches judged.
-- column batches_stopped bigint: Batches of which nothing was merged.
-- column rows_landed bigint: Rows delivered.
-- column rows_passed bigint: Rows that were good.
-- column rows_quarantined bigint: Rows that broke a rule.
-- column rows_unreadable bigint: Rows that could not be read.
-- column pass_rate decimal(18,6): Share of the rows that were good; null for empty batches.
-- column rules_broken bigint: Distinct rules that a row or a batch broke.
with

verdicts as (
    select
        cast(recorded_at as date) as day,
        domain,
        dataset,
        count(*) as batches,
        sum(case when verdict = 'stopped' then 1 else 0 end) as batches_stopped,
        sum(rows_landed) as rows_landed,
        sum(rows_passed) as rows_passed,
        sum(rows_quarantined) as rows_quarantined,
        sum(rows_unreadable) as rows_unreadable
    from ops.verdicts
    group by cast(recorded_at as date), domain, dataset
),

broken as (
    select cast(recorded_at as date) as day, dataset, count(distinct rule) as rules_broken
    from ops.quality_results
    where rows_failed > 0 or not success
    group by cast(recorded_at as date), dataset
)

select
    verdicts.day,
    verdicts.domain,
    verdicts.dataset,
    verdicts.batches,
    verdicts.batches_stopped,
    verdicts.rows_landed,
    verdicts.rows_passed,
    verdicts.rows_quarantined,
    verdicts.rows_unreadable,
    round(
        cast(verdicts.rows_passed as double) / nullif(cast(verdicts.rows_landed as double), 0), 6
    ) as pass_rate,
    coalesce(broken.rules_broken, 0) as rules_broken
from verdicts
left join broken
    on broken.day = verdicts.day
    and broken.dataset = verdicts.dataset
