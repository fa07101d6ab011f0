{{ config(materialized='table', file_format='delta') }}

-- Built whole at any change.
select count(*) as stores, sum(orders) as orders from {{ ref('syn_store_orders') }}
