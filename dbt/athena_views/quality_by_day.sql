-- description: What became of the delivered rows of each dataset, by the day on which they were judged.
-- column day date: UTC date of the validation.
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

validated as (
    select
        cast(recorded_at as date) as day,
        domain,
        dataset,
        count(*) as batches,
        sum(case when status = 'stopped' then 1 else 0 end) as batches_stopped,
        sum(rows_landed) as rows_landed,
        sum(rows_passed) as rows_passed,
        sum(rows_quarantined) as rows_quarantined,
        sum(rows_unreadable) as rows_unreadable
    from ops.validation_results
    group by cast(recorded_at as date), domain, dataset
),

broken as (
    select cast(recorded_at as date) as day, dataset, count(distinct rule) as rules_broken
    from ops.quality_results
    where rows_failed > 0 or not success
    group by cast(recorded_at as date), dataset
)

select
    validated.day,
    validated.domain,
    validated.dataset,
    validated.batches,
    validated.batches_stopped,
    validated.rows_landed,
    validated.rows_passed,
    validated.rows_quarantined,
    validated.rows_unreadable,
    round(
        cast(validated.rows_passed as double) / nullif(cast(validated.rows_landed as double), 0), 6
    ) as pass_rate,
    coalesce(broken.rules_broken, 0) as rules_broken
from validated
left join broken
    on broken.day = validated.day
    and broken.dataset = validated.dataset
