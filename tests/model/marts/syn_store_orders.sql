{{ config(materialized='view') }}

-- A view on a mart, which another mart reads.
select store_id, orders from {{ ref('syn_stores') }}
