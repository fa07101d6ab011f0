{{ config(materialized='incremental', incremental_strategy='replace_changed', unique_key='store_id',
          file_format='delta') }}

-- A mart on a mart on a mart.
select store_id, count(*) as months, sum(orders) as orders, max(best_margin) as best_margin
from {{ ref('syn_months') }}
{%- if is_incremental() %}
where {{ in_changed() }}
{%- endif %}
group by store_id
