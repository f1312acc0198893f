"""The distributed way on one machine: Kafka, PostgreSQL, each service as its own process, and the gateway.

What dies is started again; process ids stand in `$YOUSU_DATA_DIR/run/NAME.pid`; an interrupt stops all, in order.
"""
