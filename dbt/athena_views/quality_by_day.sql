-- description: Rows passed, quarantined, unparseable and refused of each dataset, by the day on which they were validated or refused.
-- column day date: UTC date of the validation, or of the refusal.
-- column domain varchar: Domain of the dataset.
-- column dataset varchar: Dataset.
-- column batches bigint: Batches validated.
-- column batches_stopped bigint: Batches that were stopped, of which no row is merged.
-- column rows_landed bigint: Rows delivered, without those of refused files.
-- column rows_passed bigint: Rows that passed validation.
-- column rows_quarantined bigint: Rows that broke a rule and are in quarantine; 0 of stopped batches.
-- column rows_unreadable bigint: Rows that could not be parsed; they are in quarantine.
-- column files_refused bigint: Files that were refused as a whole, as for a missing column; no row of them is anywhere.
-- column rows_refused bigint: Rows of these files.
-- column pass_rate decimal(18,6): Share of rows_landed that passed; null if there are none. Refused files are not part of it.
-- column rules_broken bigint: Distinct rules that a row or a whole batch broke; do not sum.
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

refused as (
    select
        cast(recorded_at as date) as day,
        domain,
        dataset,
        sum(cardinality(files)) as files_refused,
        sum(rows_in_file) as rows_refused
    from ops.batches
    where state = 'refused'
    group by cast(recorded_at as date), domain, dataset
),

broken as (
    select cast(recorded_at as date) as day, dataset, count(distinct rule) as rules_broken
    from ops.quality_results
    where rows_failed > 0 or not success
    group by cast(recorded_at as date), dataset
)

select
    coalesce(validated.day, refused.day) as day,
    coalesce(validated.domain, refused.domain) as domain,
    coalesce(validated.dataset, refused.dataset) as dataset,
    coalesce(validated.batches, 0) as batches,
    coalesce(validated.batches_stopped, 0) as batches_stopped,
    coalesce(validated.rows_landed, 0) as rows_landed,
    coalesce(validated.rows_passed, 0) as rows_passed,
    coalesce(validated.rows_quarantined, 0) as rows_quarantined,
    coalesce(validated.rows_unreadable, 0) as rows_unreadable,
    coalesce(refused.files_refused, 0) as files_refused,
    coalesce(refused.rows_refused, 0) as rows_refused,
    round(
        cast(validated.rows_passed as double) / nullif(cast(validated.rows_landed as double), 0), 6
    ) as pass_rate,
    coalesce(broken.rules_broken, 0) as rules_broken
from validated
full outer join refused
    on refused.day = validated.day
    and refused.domain = validated.domain
    and refused.dataset = validated.dataset
left join broken
    on broken.day = validated.day
    and broken.dataset = validated.dataset
