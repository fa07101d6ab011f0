-- description: Freshness and size of every published table: one row per table.
-- column layer varchar: silver, quarantine or marts.
-- column table_name varchar: Name of the table.
-- column version bigint: Delta version of the table that is published.
-- column changed_at timestamp(3): Time of the table's last change, UTC.
-- column days_since_change bigint: Days since the last change.
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
)

select
    layer,
    table_name,
    version,
    date_trunc('second', changed_at) at time zone 'UTC' as changed_at,
    date_diff('day', cast(changed_at as date), current_date) as days_since_change,
    date_trunc('second', recorded_at) at time zone 'UTC' as published_at,
    row_count,
    file_count,
    bytes
from numbered
where newest = 1
