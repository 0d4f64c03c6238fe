/** Light, dark, or as the system is; remembered by the browser. */
import { useEffect, useState } from 'react';
import { Icon, type IconName } from './icons.tsx';

const themes = ['system', 'light', 'dark'] as const;
type Theme = (typeof themes)[number];
const icons: Record<Theme, IconName> = { system: 'screen', light: 'sun', dark: 'moon' };
const key = 'everstate-board-theme';

function remembered(): Theme {
  const kept = localStorage.getItem(key);
  return themes.find((theme) => theme === kept) ?? 'system';
}

export function ThemeChoice() {
  const [theme, setTheme] = useState(remembered);
  useEffect(() => {
    localStorage.setItem(key, theme);
    document.documentElement.dataset.theme = theme;
  }, [theme]);
  return (
    <fieldset className="theme">
      <legend className="unseen">Colours</legend>
      {themes.map((it) => (
        <label key={it} title={it}>
          <input
            type="radio"
            name="theme"
            className="cover"
            checked={theme === it}
            onChange={() => setTheme(it)}
          />
          <Icon name={icons[it]} />
          <span className="unseen">{it}</span>
        </label>
      ))}
    </fieldset>
  );
}
