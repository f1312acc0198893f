-- One database per service; run once, when the volume is new. `yousu migrate` makes the tables.
CREATE DATABASE intake;
CREATE DATABASE router;
CREATE DATABASE tracker;
