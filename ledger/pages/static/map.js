// Draws the buildings as dots. Without this file the page has the same buildings as a list.
(function () {
  const holder = document.getElementById("map");
  if (!holder || !window.L) return;

  fetch(holder.dataset.points)
    .then((answer) => answer.json())
    .then((found) => {
      if (!found.features.length) return;
      holder.hidden = false;
      document.getElementById("map-key").hidden = false;
      draw(found.features);
    })
    .catch(() => {});

  function draw(features) {
    const colour = getComputedStyle(document.documentElement).getPropertyValue("--app-place-colour").trim();
    const map = L.map(holder, { attributionControl: false, scrollWheelZoom: false, preferCanvas: false });
    const listed = features.filter((one) => one.properties.listed);
    const dots = [];
    for (const one of features) {
      const [east, north] = one.geometry.coordinates;
      const isListed = one.properties.listed;
      const dot = L.circleMarker([north, east], {
        radius: isListed ? 9 : 5,
        color: "#0b0c0c",
        weight: 1,
        fillColor: isListed ? colour : "#ffffff",
        fillOpacity: 1,
      });
      dot.bindPopup(popup(one.properties));
      if (isListed && listed.length <= 8) {
        dot.bindTooltip(one.properties.name, { permanent: true, direction: "right", offset: [10, 0] });
      } else {
        dot.bindTooltip(one.properties.name);
      }
      dots.push(dot);
    }
    L.featureGroup(dots).addTo(map);
    map.fitBounds(middle(dots).pad(0.15), { maxZoom: 15 });
    for (const dot of dots) if (dot.options.radius === 9) dot.bringToFront();
    L.control.scale({ imperial: true }).addTo(map);
  }

  // The bounds of all but the few that lie far out: one wrong point must not shrink the rest.
  function middle(dots) {
    const trim = dots.length > 40 ? Math.floor(dots.length / 50) : 0;
    const inner = (part) => {
      const sorted = dots.map((dot) => dot.getLatLng()[part]).sort((a, b) => a - b);
      return [sorted[trim], sorted[sorted.length - 1 - trim]];
    };
    const [south, north] = inner("lat");
    const [west, east] = inner("lng");
    return L.latLngBounds([south, west], [north, east]);
  }

  function popup(properties) {
    const link = document.createElement("a");
    link.href = properties.href;
    link.textContent = properties.name;
    link.className = "govuk-link";
    const use = document.createElement("div");
    use.textContent = properties.listed ? "Rooms to book" : "Use: " + properties.use;
    const box = document.createElement("div");
    box.append(link, use);
    return box;
  }
})();
