{{ config(materialized='incremental', incremental_strategy='replace_changed', unique_key=['month', 'store_id'],
          file_format='delta', partition_by=['month']) }}

-- A mart on a mart.
select store_id, month, sum(orders) as orders, max(gross_margin) as best_margin
from {{ ref('fct_daily_store_metrics') }}
{%- if is_incremental() %}
where {{ in_changed() }}
{%- endif %}
group by month, store_id
