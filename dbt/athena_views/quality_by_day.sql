-- description: Validation results of each dataset, by the day of the validation: rows passed, quarantined and unparseable.
-- column day date: UTC date of the validation.
-- column domain varchar: Domain of the dataset.
-- column dataset varchar: Dataset.
-- column batches bigint: Batches validated.
-- column batches_stopped bigint: Batches that were stopped, of which no row is merged.
-- column rows_landed bigint: Rows delivered.
-- column rows_passed bigint: Rows that passed validation.
-- column rows_quarantined bigint: Rows that broke a rule and are in quarantine; 0 of stopped batches.
-- column rows_unreadable bigint: Rows that could not be parsed; they are in quarantine.
-- column pass_rate decimal(18,6): Share of the rows that passed; null if no rows were delivered.
-- column rules_broken bigint: Distinct rules that a row or a whole batch broke.
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
