-- The accounts that a node is run by, made anew at each start, and by the engine when it finds itself shut out. One statement a line.
-- Administrators, by the socket only and each as the system's user of that name: root in the container, MariaDB itself, and
-- whoever runs the cloud ("operator", unless that is root).
SET SESSION sql_log_bin = 0;
CREATE OR REPLACE USER root@localhost IDENTIFIED VIA unix_socket;
GRANT ALL PRIVILEGES ON *.* TO root@localhost WITH GRANT OPTION;
CREATE OR REPLACE USER mysql@localhost IDENTIFIED VIA unix_socket;
GRANT ALL PRIVILEGES ON *.* TO mysql@localhost WITH GRANT OPTION;
CREATE OR REPLACE USER operator@localhost IDENTIFIED VIA unix_socket;
GRANT ALL PRIVILEGES ON *.* TO operator@localhost WITH GRANT OPTION;
