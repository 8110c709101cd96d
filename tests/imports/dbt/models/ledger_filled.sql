select * from {{ source('raw', 'raw_entries') }}
