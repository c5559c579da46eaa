FROM base
ADD root.tar /
COPY bashrc /app/.bashrc
ENV PYTHONPATH=/opt/packages
WORKDIR /app
