-- description: Freshness and size of every published table: one row per table.
-- column layer varchar: silver, quarantine or marts.
-- column table_name varchar: Name of the table.
-- column version bigint: Delta version of the table that is published.
-- column changed_at timestamp(3): Time of the table's last change, UTC.
-- column days_since_change bigint: Days since the last change.
-- column files_refused_since bigint: Files of its dataset that were refused since that change, so that the table lacks their rows; 0 for quarantine and marts.
-- column published_at timestamp(3): Time at which this version was published, UTC.
-- column row_count bigint: Number of rows, including soft-deleted rows of silver.
-- column file_count bigint: Number of data files.
-- column bytes bigint: Total size of the data files, in bytes.
with

numbered as (
    select
        layer,
        table_name,
        version,
        changed_at,
        recorded_at,
        row_count,
        file_count,
        bytes,
        row_number() over (partition by layer, table_name order by recorded_at desc, version desc) as newest
    from ops.published
),

-- A table that nothing has changed since may lack what was delivered since.
refused as (
    select
        numbered.layer,
        numbered.table_name,
        sum(cardinality(batches.files)) as files_refused
    from numbered
    join ops.batches as batches
        on batches.dataset = numbered.table_name
        and batches.recorded_at > numbered.changed_at
    where numbered.newest = 1
        and numbered.layer = 'silver'
        and batches.state = 'refused'
    group by numbered.layer, numbered.table_name
)

select
    numbered.layer,
    numbered.table_name,
    numbered.version,
    date_trunc('second', numbered.changed_at) at time zone 'UTC' as changed_at,
    date_diff('day', cast(numbered.changed_at as date), current_date) as days_since_change,
    coalesce(refused.files_refused, 0) as files_refused_since,
    date_trunc('second', numbered.recorded_at) at time zone 'UTC' as published_at,
    numbered.row_count,
    numbered.file_count,
    numbered.bytes
from numbered
left join refused
    on refused.layer = numbered.layer
    and refused.table_name = numbered.table_name
where numbered.newest = 1
