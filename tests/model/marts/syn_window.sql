{{ config(materialized='incremental', incremental_strategy='replace_changed', unique_key=['dt', 'store_id'],
          file_format='delta') }}

-- A self-join within a window: the orders of a day and of the 30 days before it, for each day with an order.
with

days as (
    select distinct dt, store_id
    from {{ ref('stg_erp_orders') }}
    {%- if is_incremental() %}
    where {{ in_changed() }}
    {%- endif %}
)

select days.dt, days.store_id, count(distinct order_lines.order_id) as orders, sum(order_lines.quantity) as units
from days
join {{ ref('stg_erp_orders') }} as order_lines
    on days.store_id = order_lines.store_id and order_lines.dt between date_sub(days.dt, 30) and days.dt
group by days.dt, days.store_id
